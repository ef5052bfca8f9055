use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::forge::{Forge, signed_by};
use crate::{Failure, stand::Shop};

/// The key of somebody who is not the platform.
const ANOTHER_KEY: [u8; 32] = [7; 32];
/// An hour, in seconds.
const HOUR: i64 = 3_600;

/// A kind of bad credential.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// The values of `Authorization`.
    pub(super) headers: Vec<String>,
    /// Whether it is well-formed and signed, and was revoked.
    pub(super) is_revoked: bool,
}

/// Credentials that were good.
pub(super) struct Spent {
    /// Of a session that has ended, and of a disabled user.
    pub(super) tokens: Vec<String>,
    pub(super) key: String,
    /// Good ones, but no credentials of a request.
    pub(super) refresh_token: String,
    pub(super) invitation: String,
    /// A good key, from which bad ones are made.
    pub(super) read_key: String,
}

/// Returns every kind of bad credential.
pub(super) fn kinds(
    forge: &Forge,
    shop: &Shop,
    other: &Shop,
    spent: &Spent,
) -> Result<Vec<Kind>, Failure> {
    let mut all = headers(&forge.good());
    let bearers = [
        forms(forge)?,
        algorithms(forge)?,
        signatures(forge, &shop.tenant.advertiser, &other.tenant.id)?,
        claims(forge),
        keys(spent),
    ];
    all.extend(bearers.concat().into_iter().map(|(name, text)| Kind {
        name,
        headers: vec![format!("Bearer {text}")],
        is_revoked: false,
    }));
    all.extend(revoked(forge, other, spent)?);
    Ok(all)
}

/// The name of a kind, and what follows `Bearer`.
type Bearer = (&'static str, String);

/// A good token in the wrong header.
fn headers(good: &str) -> Vec<Kind> {
    let kind = |name, headers| Kind { name, headers, is_revoked: false };
    vec![
        kind("nothing", vec![]),
        kind("a scheme alone", vec!["Bearer".to_owned()]),
        kind("the scheme Basic", vec![format!("Basic {good}")]),
        kind("the scheme Token", vec![format!("Token {good}")]),
        kind("no scheme", vec![good.to_owned()]),
        kind("two headers", vec![format!("Bearer {good}"), format!("Bearer {good}")]),
        kind("two tokens", vec![format!("Bearer {good} {good}")]),
        kind("a list of tokens", vec![format!("Bearer {good},{good}")]),
    ]
}

/// Tokens without the form of one.
fn forms(forge: &Forge) -> Result<Vec<Bearer>, Failure> {
    let good = forge.good();
    let [header, claims, signature] = parts(&good)?;
    let (plain, object) = (forge.header(json!({})), forge.claims(json!({})));
    let long = forge.claims(json!({"more": "m".repeat(9_000)}));
    Ok(vec![
        ("a header alone", header.clone()),
        ("no signature part", format!("{header}.{claims}")),
        ("four parts", format!("{good}.{signature}")),
        ("an empty signature", format!("{header}.{claims}.")),
        ("empty claims", format!("{header}..{signature}")),
        ("an empty header", format!(".{claims}.{signature}")),
        ("a header that is not base64", format!("{header}!.{claims}.{signature}")),
        ("a padded header", format!("{header}=.{claims}.{signature}")),
        ("a padded signature", format!("{good}==")),
        ("a token that is too long", forge.signed(&plain, &long)),
        ("a header that is not JSON", forge.signed("{", &object)),
        ("a header that is a list", forge.signed("[]", &object)),
        ("claims that are not JSON", forge.signed(&plain, "{")),
        ("claims that are a list", forge.signed(&plain, "[]")),
    ])
}

/// Tokens whose header would choose how they are verified.
fn algorithms(forge: &Forge) -> Result<Vec<Bearer>, Failure> {
    let object = forge.claims(json!({}));
    let with = |changes: Value| forge.signed(&forge.header(changes), &object);
    let none = with(json!({"alg": "none"}));
    let [header, claims, _] = parts(&none)?;
    let another = SigningKey::from_bytes(&ANOTHER_KEY);
    let x = URL_SAFE_NO_PAD.encode(another.verifying_key().to_bytes());
    let own_key = forge.header(json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}));
    let twice = forge.header(json!({})).replacen('{', r#"{"alg":"none","#, 1);
    let mut shared_secret = Header::new(Algorithm::HS256);
    shared_secret.typ = Some("at+jwt".to_owned());
    let kid: Value = serde_json::from_str(&forge.header(json!({})))?;
    shared_secret.kid = kid.get("kid").and_then(Value::as_str).map(str::to_owned);
    let claims_of_owner: Value = serde_json::from_str(&object)?;
    let secret = EncodingKey::from_secret(&forge.public_key());
    Ok(vec![
        ("alg none", format!("{header}.{claims}.")),
        ("alg none with a signature", none),
        ("alg None", with(json!({"alg": "None"}))),
        ("alg eddsa", with(json!({"alg": "eddsa"}))),
        ("no alg", with(json!({"alg": null}))),
        ("alg HS256", with(json!({"alg": "HS256"}))),
        ("alg RS256", with(json!({"alg": "RS256"}))),
        ("alg ES256", with(json!({"alg": "ES256"}))),
        (
            "HS256 of the public key",
            jsonwebtoken::encode(&shared_secret, &claims_of_owner, &secret)?,
        ),
        ("alg given twice", forge.signed(&twice, &object)),
        ("typ JWT", with(json!({"typ": "JWT"}))),
        ("no typ", with(json!({"typ": null}))),
        ("no kid", with(json!({"kid": null}))),
        ("an unknown kid", with(json!({"kid": "0000000000000000"}))),
        ("a kid that is a path", with(json!({"kid": "../../dev/null"}))),
        ("a kid that is SQL", with(json!({"kid": "' OR 1=1 --"}))),
        ("a jku", with(json!({"jku": "http://127.0.0.1:1/keys"}))),
        ("an x5u", with(json!({"x5u": "http://127.0.0.1:1/keys"}))),
        ("a jwk", signed_by(&another, &own_key, &object)),
        ("crit", with(json!({"crit": ["exp"]}))),
        ("b64 false", with(json!({"b64": false}))),
    ])
}

/// Tokens whose signature is of something else.
fn signatures(forge: &Forge, token: &str, other: &str) -> Result<Vec<Bearer>, Failure> {
    let good = forge.good();
    let [header, claims, signature] = parts(&good)?;
    let [_, _, of_another_token] = parts(token)?;
    let (first, rest) = signature.split_at_checked(1).ok_or("an empty signature")?;
    let turned = if first == "A" { "B" } else { "A" };
    let (plain, object) = (forge.header(json!({})), forge.claims(json!({})));
    let another = SigningKey::from_bytes(&ANOTHER_KEY);
    let unsigned = |changes: Value| {
        let changed = URL_SAFE_NO_PAD.encode(forge.claims(changes));
        format!("{header}.{changed}.{signature}")
    };
    let later = Utc::now().timestamp() + 24 * HOUR;
    Ok(vec![
        ("a changed signature", format!("{header}.{claims}.{turned}{rest}")),
        ("the signature of another token", format!("{header}.{claims}.{of_another_token}")),
        ("the signature of another key", signed_by(&another, &plain, &object)),
        (
            "a signature of zeros",
            format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64])),
        ),
        ("the client_id of another tenant", unsigned(json!({"client_id": other}))),
        ("the role of an admin", unsigned(json!({"role": "platform_admin", "client_id": null}))),
        ("a later end", unsigned(json!({"exp": later}))),
    ])
}

/// Signed claims that contradict the time, the platform or each other.
fn claims(forge: &Forge) -> Vec<Bearer> {
    let plain = forge.header(json!({}));
    let with = |changes: Value| forge.signed(&plain, &forge.claims(changes));
    let now = Utc::now().timestamp();
    vec![
        ("an end in the past", with(json!({"exp": now - HOUR}))),
        ("a begin in the future", with(json!({"nbf": now + HOUR}))),
        ("issued in the future", with(json!({"iat": now + HOUR}))),
        ("another issuer", with(json!({"iss": "https://elsewhere.example"}))),
        ("another audience", with(json!({"aud": "elsewhere"}))),
        ("no exp", with(json!({"exp": null}))),
        ("no nbf", with(json!({"nbf": null}))),
        ("no sub", with(json!({"sub": null}))),
        ("no aud", with(json!({"aud": null}))),
        ("an exp that is a text", with(json!({"exp": "tomorrow"}))),
        ("a role that is none", with(json!({"role": "root"}))),
        ("an owner of no tenant", with(json!({"client_id": null}))),
        ("an admin of a tenant", with(json!({"role": "platform_admin"}))),
        ("an advertiser of no brand", with(json!({"role": "advertiser"}))),
        ("a key as an owner", with(json!({"sub": "key:0123456789abcdef"}))),
        ("a user as a key", with(json!({"role": "read"}))),
        ("an owner of some campaigns", with(json!({"campaigns": ["spring"]}))),
    ]
}

/// Keys that are not what was issued, and secrets that are no credentials of a request.
fn keys(spent: &Spent) -> Vec<Bearer> {
    let key = &spent.read_key;
    let cut: String = key.chars().take(key.len() - 1).collect();
    let secret = key.rsplit('_').next().unwrap_or_default();
    let id = key.split('_').nth(2).unwrap_or_default();
    vec![
        ("a key with another secret", key.replace(secret, &"0".repeat(secret.len()))),
        ("a key with another id", key.replace(id, "0123456789abcdef")),
        ("a key of another kind", key.replacen("ff_read_", "ff_collect_", 1)),
        ("a key in upper case", key.to_uppercase()),
        ("a key that is cut", cut),
        ("a key that is longer", format!("{key}0")),
        ("a revoked key", spent.key.clone()),
        ("a refresh token", spent.refresh_token.clone()),
        ("an invitation", spent.invitation.clone()),
    ]
}

/// Signed tokens of what is not so, or no longer.
fn revoked(forge: &Forge, other: &Shop, spent: &Spent) -> Result<Vec<Kind>, Failure> {
    let [_, theirs, _] = parts(&other.tenant.owner)?;
    let theirs: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(theirs)?)?;
    let of_another = json!({"client_id": theirs.get("client_id"), "ver": theirs.get("ver")});
    let plain = forge.header(json!({}));
    let with = |changes: Value| forge.signed(&plain, &forge.claims(changes));
    let next = |name: &str| forge.claim(name).as_u64().unwrap_or_default() + 1;
    let mut texts = vec![
        ("a user who never was", with(json!({"sub": format!("user:{}", Uuid::now_v7())}))),
        ("the tenant of another user", with(of_another)),
        ("another version of the tenant", with(json!({"ver": next("ver")}))),
        ("another version of the user", with(json!({"sub_ver": next("sub_ver")}))),
    ];
    let names = ["a session that has ended", "a user who is disabled"];
    texts.extend(names.into_iter().zip(spent.tokens.iter().cloned()));
    let kind = |(name, text): Bearer| Kind {
        name,
        headers: vec![format!("Bearer {text}")],
        is_revoked: true,
    };
    Ok(texts.into_iter().map(kind).collect())
}

fn parts(token: &str) -> Result<[String; 3], Failure> {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    Ok(parts.try_into().map_err(|_| "not a token of three parts")?)
}
