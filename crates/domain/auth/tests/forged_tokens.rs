//! Forged tokens are refused; the genuine token is accepted.

#![cfg(test)]

use auth::{
    Authority, CampaignScope, Grant, Role, SigningKey, Subject, TokenError, TokenSigner,
    TokenVerifier,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

const ISSUER: &str = "https://footfall.test";
const AUDIENCE: &str = "footfall";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn owner() -> Grant {
    Grant {
        subject: Subject::User(Uuid::nil()),
        client: Some(("acme".parse().unwrap(), "Acme".into())),
        authority: Authority::Role(Role::Owner),
        advertiser_id: None,
        campaigns: None,
        token_version: 3,
        subject_version: Some(2),
        session_id: None,
    }
}

struct Forge {
    key: SigningKey,
    verifier: TokenVerifier,
    header: Value,
    claims: Value,
    genuine: String,
}

impl Forge {
    fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        let signer = TokenSigner::new(&key, ISSUER, AUDIENCE, TimeDelta::minutes(15)).unwrap();
        let genuine = signer.issue(owner(), now()).unwrap().token;
        let mut parts =
            genuine.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
        let header = serde_json::from_slice(&parts.next().unwrap()).unwrap();
        let claims = serde_json::from_slice(&parts.next().unwrap()).unwrap();
        let verifier = TokenVerifier::new([&key], ISSUER, AUDIENCE).unwrap();
        Self { key, verifier, header, claims, genuine }
    }

    /// Signs with the real key, regardless of the header.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.private(), Algorithm::EdDSA);
        format!("{message}.{}", signature.unwrap())
    }

    fn private(&self) -> EncodingKey {
        let sealer = auth::Sealer::new([1; 32]);
        let stored = self.key.seal(&sealer, now()).unwrap();
        let field = auth::SealedField {
            purpose: "signing_key",
            tenant: "",
            row: stored.id.as_str(),
            field: "pkcs8",
        };
        EncodingKey::from_ed_der(&sealer.open(field, &stored.sealed_pkcs8).unwrap())
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.sign(&header, &self.claims)
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.sign(&self.header, &claims)
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.sign(&self.header, &claims)
    }
}

#[test]
fn the_genuine_token_and_its_faithful_copy_are_accepted() {
    let forge = Forge::new();
    let copy = forge.sign(&forge.header, &forge.claims);
    for token in [&forge.genuine, &copy] {
        let principal = forge.verifier.verify(token, now()).unwrap();
        assert_eq!(principal.client_id, Some("acme".parse().unwrap()));
        assert_eq!(principal.authority, Authority::Role(Role::Owner));
        assert_eq!(principal.scope, CampaignScope::All);
        assert_eq!(principal.tenant_version, Some(3));
        assert_eq!(principal.subject_version, Some(2));
        assert_eq!(principal.expires_at, Some(now() + TimeDelta::minutes(15)));
    }
}

#[test]
fn a_token_without_a_user_version_has_the_first_version() {
    let forge = Forge::new();
    let principal = forge.verifier.verify(&forge.without_claim("sub_ver"), now()).unwrap();
    assert_eq!((principal.tenant_version, principal.subject_version), (Some(3), Some(1)));
}

#[test]
fn every_forged_token_is_refused() {
    let forge = Forge::new();
    let stranger = SigningKey::generate().unwrap();
    let strangers_token = TokenSigner::new(&stranger, ISSUER, AUDIENCE, TimeDelta::minutes(15))
        .unwrap()
        .issue(owner(), now())
        .unwrap()
        .token;
    let [header, claims, signature] = forge.genuine.splitn(3, '.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts");
    };
    let public = forge.key.public().x;
    let mut hs_header = Header::new(Algorithm::HS256);
    hs_header.typ = Some("at+jwt".into());
    hs_header.kid = Some(forge.key.id().as_str().into());
    let hs_with_public_key = jsonwebtoken::encode(
        &hs_header,
        &forge.claims,
        &EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(&public).unwrap()),
    )
    .unwrap();
    let strangers_under_our_kid = {
        let mut parts: Vec<_> = strangers_token.split('.').collect();
        parts[0] = header;
        parts.join(".")
    };
    let none = URL_SAFE_NO_PAD.encode(
        json!({"alg": "none", "typ": "at+jwt", "kid": forge.key.id().as_str()}).to_string(),
    );
    let escalated = {
        let mut claims = forge.claims.clone();
        claims["role"] = json!("platform_admin");
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    let late = now().timestamp() + 31;

    let forged = [
        ("empty", String::new()),
        ("no parts", "token".into()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{}.x", forge.genuine)),
        ("no signature", format!("{header}.{claims}.")),
        ("signature cut", format!("{header}.{claims}.{}", signature.split_at(80).0)),
        ("alg none without signature", format!("{none}.{claims}.")),
        ("alg none with signature", format!("{none}.{claims}.{signature}")),
        ("HS256 keyed with our public key", hs_with_public_key),
        ("role changed after signing", escalated),
        ("a stranger's key", strangers_token),
        ("a stranger's signature under our kid", strangers_under_our_kid),
        ("alg HS256", forge.with_header("alg", json!("HS256"))),
        ("alg in lower case", forge.with_header("alg", json!("eddsa"))),
        ("typ JWT", forge.with_header("typ", json!("JWT"))),
        ("kid path", forge.with_header("kid", json!("../../etc/passwd"))),
        ("kid SQL", forge.with_header("kid", json!("x' OR '1'='1"))),
        ("kid empty", forge.with_header("kid", json!(""))),
        ("kid too long", forge.with_header("kid", json!("k".repeat(65)))),
        ("kid unknown", forge.with_header("kid", json!("another"))),
        ("kid a number", forge.with_header("kid", json!(1))),
        ("jku", forge.with_header("jku", json!("https://evil.example/jwks.json"))),
        ("jwk", forge.with_header("jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": public}))),
        ("x5u", forge.with_header("x5u", json!("https://evil.example/cert"))),
        ("x5c", forge.with_header("x5c", json!(["MIIB"]))),
        ("crit", forge.with_header("crit", json!(["b64"]))),
        ("unknown header", forge.with_header("zip", json!("DEF"))),
        ("another issuer", forge.with_claim("iss", json!("https://evil.example"))),
        ("another audience", forge.with_claim("aud", json!("elsewhere"))),
        ("an audience list", forge.with_claim("aud", json!([AUDIENCE, "elsewhere"]))),
        ("exp as text", forge.with_claim("exp", json!("9999999999"))),
        ("exp null", forge.with_claim("exp", Value::Null)),
        ("nbf as text", forge.with_claim("nbf", json!("0"))),
        ("nbf ahead of the leeway", forge.with_claim("nbf", json!(late))),
        ("issued ahead of the leeway", forge.with_claim("iat", json!(late))),
        ("sub of no form", forge.with_claim("sub", json!("root"))),
        ("unknown role", forge.with_claim("role", json!("superuser"))),
        ("client_id of no form", forge.with_claim("client_id", json!("acme'; DROP TABLE"))),
        ("an admin of a tenant", forge.with_claim("role", json!("platform_admin"))),
        ("an advertiser without its id", forge.with_claim("role", json!("advertiser"))),
        ("a key's role for a user", forge.with_claim("role", json!("collect"))),
        ("an owner without a tenant", forge.without_claim("client_id")),
        ("negative version", forge.with_claim("ver", json!(-1))),
    ];
    for (what, token) in &forged {
        let outcome = forge.verifier.verify(token, now());
        assert!(matches!(outcome, Err(TokenError::Invalid(_))), "{what}: {outcome:?}");
    }
    for claim in ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "role", "ver"] {
        let outcome = forge.verifier.verify(&forge.without_claim(claim), now());
        assert!(matches!(outcome, Err(TokenError::Invalid(_))), "without {claim}: {outcome:?}");
    }
}

#[test]
fn a_token_expires_at_its_end_plus_a_leeway() {
    let forge = Forge::new();
    let end = now() + TimeDelta::minutes(15);
    assert!(forge.verifier.verify(&forge.genuine, end + TimeDelta::seconds(29)).is_ok());
    let late = forge.verifier.verify(&forge.genuine, end + TimeDelta::seconds(30));
    assert_eq!(late, Err(TokenError::Expired));
}

#[test]
fn during_rotation_both_keys_are_accepted() {
    let [old, new] = [(); 2].map(|()| SigningKey::generate().unwrap());
    let verifier = TokenVerifier::new([&new, &old], ISSUER, AUDIENCE).unwrap();
    for key in [&old, &new] {
        let signer = TokenSigner::new(key, ISSUER, AUDIENCE, TimeDelta::minutes(15)).unwrap();
        let token = signer.issue(owner(), now()).unwrap().token;
        assert!(verifier.verify(&token, now()).is_ok());
    }
    let published = serde_json::to_value(verifier.published()).unwrap();
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    assert!(!published.to_string().contains("\"d\""), "a private key was published");
}

#[test]
fn a_token_of_a_removed_key_is_refused_and_those_of_the_others_are_not() {
    let [old, new] = [(); 2].map(|()| SigningKey::generate().unwrap());
    let signer = TokenSigner::new(&old, ISSUER, AUDIENCE, TimeDelta::minutes(15)).unwrap();
    let verifier = TokenVerifier::new([&new, &old], ISSUER, AUDIENCE).unwrap();
    let of_old = signer.issue(owner(), now()).unwrap().token;
    let elsewhere = (signer.clone(), verifier.clone());
    signer.sign_with(&new).unwrap();
    let of_new = elsewhere.0.issue(owner(), now()).unwrap().token;
    let first = verifier.revision();
    verifier.accept([&new, &old]).unwrap();
    assert_eq!(verifier.revision(), first, "nothing has changed");
    assert!(verifier.verify(&of_old, now()).is_ok());

    verifier.accept([&new]).unwrap();
    assert_ne!(verifier.revision(), first);
    let refused = elsewhere.1.verify(&of_old, now());
    assert_eq!(refused, Err(TokenError::Invalid("its key is unknown")));
    assert!(elsewhere.1.verify(&of_new, now()).is_ok());
}
