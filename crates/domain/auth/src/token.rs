use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{
    Authority, Claims, JsonWebKey, JsonWebKeySet, KeyId, Principal, SigningKey, SigningKeyError,
    Subject, shared::Shared,
};

/// The tolerated difference between two clocks.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// The media type of an access token (RFC 9068).
const TYPE: &str = "at+jwt";
/// The maximum length of a token, in bytes: longer ones are not decoded.
const MAX_LENGTH: usize = 8 * 1024;

/// The identity and permissions that a token is issued for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The user or key.
    pub subject: Subject,
    /// The tenant and its name; none for a platform admin.
    pub client: Option<(ClientId, String)>,
    /// The role or the kind of key.
    pub authority: Authority,
    /// The advertiser, for the role `advertiser`.
    pub advertiser_id: Option<AdvertiserId>,
    /// The campaigns a key is limited to.
    pub campaigns: Option<Vec<CampaignId>>,
    /// The token version of the tenant, or of the platform admin.
    pub token_version: u32,
    /// The token version of a tenant's user, or of a key.
    pub subject_version: Option<u32>,
    /// The session of a user.
    pub session_id: Option<Uuid>,
}

/// A signed access token.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token was valid and has expired.
    #[error("the token has expired")]
    Expired,
    /// Not a valid token; the text contains the reason, for the log.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
}

/// Signs access tokens. Clones share the key.
#[derive(Clone)]
pub struct TokenSigner {
    key: Shared<SignerKey>,
    issuer: String,
    audience: String,
    lifetime: TimeDelta,
}

struct SignerKey {
    header: Header,
    key: EncodingKey,
}

/// Verifies access tokens. Footfall chooses the keys and the algorithm; a token only names a key.
/// Clones share the keys.
#[derive(Clone)]
pub struct TokenVerifier {
    keys: Shared<VerifierKeys>,
    validation: Validation,
}

struct VerifierKeys {
    by_id: HashMap<KeyId, DecodingKey>,
    published: JsonWebKeySet,
    /// Raised with each change.
    revision: u64,
}

impl TokenSigner {
    /// Creates a signer that signs with `key`; tokens are valid for `lifetime`.
    pub fn new(
        key: &SigningKey,
        issuer: &str,
        audience: &str,
        lifetime: TimeDelta,
    ) -> Result<Self, SigningKeyError> {
        Ok(Self {
            key: Shared::new(SignerKey::new(key)?),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lifetime,
        })
    }

    /// Signs with `key` from now on, here and in every clone.
    pub fn sign_with(&self, key: &SigningKey) -> Result<(), SigningKeyError> {
        let changed = SignerKey::new(key)?;
        self.key.update(|current| (current.header.kid != changed.header.kid).then_some(changed));
        Ok(())
    }

    /// Issues a token for `grant`, valid from `now`.
    pub fn issue(&self, grant: Grant, now: DateTime<Utc>) -> Result<IssuedToken, TokenError> {
        self.issue_until(grant, now, None)
    }

    /// Issues a token for `grant`, valid from `now` until `end` at most.
    pub fn issue_until(
        &self,
        grant: Grant,
        now: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
    ) -> Result<IssuedToken, TokenError> {
        let full = now + self.lifetime;
        let expires_at = end.map_or(full, |end| end.min(full));
        let (client_id, client_name) = grant.client.unzip();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: grant.subject,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
            jti: Uuid::now_v7(),
            client_id,
            client_name,
            role: grant.authority,
            advertiser_id: grant.advertiser_id,
            campaigns: grant.campaigns,
            ver: grant.token_version,
            sub_ver: grant.subject_version,
            sid: grant.session_id,
        };
        let signer = self.key.get();
        let token = jsonwebtoken::encode(&signer.header, &claims, &signer.key)
            .map_err(|_| TokenError::Invalid("it could not be signed"))?;
        Ok(IssuedToken { token, expires_at })
    }
}

impl SignerKey {
    fn new(key: &SigningKey) -> Result<Self, SigningKeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id().as_str().to_owned());
        Ok(Self { header, key: EncodingKey::from_ed_der(&key.pkcs8()?) })
    }
}

/// The only header that Footfall signs and accepts: a token with any other field (`jku`, `jwk`,
/// `x5u`, `crit`, …) is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: KeyId,
}

impl TokenVerifier {
    /// Creates a verifier that accepts tokens signed by any of `keys`.
    pub fn new<'a>(
        keys: impl IntoIterator<Item = &'a SigningKey>,
        issuer: &str,
        audience: &str,
    ) -> Result<Self, SigningKeyError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // Times are checked here, against the caller's clock.
        validation.validate_exp = false;
        Ok(Self { keys: Shared::new(VerifierKeys::new(keys)?), validation })
    }

    /// Accepts tokens signed by any of `keys` from now on, and no others, here and in every clone.
    pub fn accept<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a SigningKey>,
    ) -> Result<(), SigningKeyError> {
        let changed = VerifierKeys::new(keys)?;
        self.keys.update(|current| {
            let revision = current.revision.wrapping_add(1);
            let is_change = current.published != changed.published;
            is_change.then_some(VerifierKeys { revision, ..changed })
        });
        Ok(())
    }

    /// Returns the public keys, for other services to verify with.
    pub fn published(&self) -> JsonWebKeySet {
        self.keys.get().published.clone()
    }

    /// Returns a number that is another one after the accepted keys have changed.
    pub fn revision(&self) -> u64 {
        self.keys.get().revision
    }

    /// Verifies `token` at `now` and returns its principal.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        let header = strict_header(token)?;
        let keys = self.keys.get();
        let key = keys.by_id.get(&header.kid).ok_or(TokenError::Invalid("its key is unknown"))?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|error| TokenError::Invalid(reason(&error)))?
            .claims;
        let now_seconds = now.timestamp();
        let leeway = LEEWAY.num_seconds();
        if claims.nbf > now_seconds + leeway || claims.iat > now_seconds + leeway {
            return Err(TokenError::Invalid("it is not valid yet"));
        }
        if claims.exp <= now_seconds - leeway {
            return Err(TokenError::Expired);
        }
        claims.principal().ok_or(TokenError::Invalid("its claims contradict each other"))
    }
}

impl VerifierKeys {
    fn new<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Result<Self, SigningKeyError> {
        let keys: Vec<JsonWebKey> = keys.into_iter().map(SigningKey::public).collect();
        let decoding = |key: &JsonWebKey| {
            let decoding = DecodingKey::from_ed_components(&key.x);
            decoding.map(|decoding| (key.kid.clone(), decoding)).map_err(|_| SigningKeyError::Form)
        };
        let by_id = keys.iter().map(decoding).collect::<Result<_, _>>()?;
        Ok(Self { by_id, published: JsonWebKeySet { keys }, revision: 0 })
    }
}

fn strict_header(token: &str) -> Result<StrictHeader, TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Invalid("it is too long"));
    }
    let (header, _) = token.split_once('.').ok_or(TokenError::Invalid("it has no parts"))?;
    let header = URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|json| serde_json::from_slice::<StrictHeader>(&json).ok())
        .ok_or(TokenError::Invalid("its header is not accepted"))?;
    if header.alg != "EdDSA" || header.typ != TYPE {
        return Err(TokenError::Invalid("its algorithm or type is not accepted"));
    }
    Ok(header)
}

fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind as Kind;
    match error.kind() {
        Kind::InvalidSignature => "its signature does not match",
        Kind::InvalidIssuer => "its issuer is wrong",
        Kind::InvalidAudience => "its audience is wrong",
        Kind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "it cannot be read",
    }
}
