use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{KeyKind, RandomError, random};

/// The SHA-256 of a random secret; only the hash is stored.
///
/// A fast hash is sufficient, because a 256-bit random secret cannot be guessed.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Creates a hash from stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compares in constant time.
impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// The public part of an API key: 16 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiKeyId(String);

/// The text is not an API key, or not the id of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an API key of the form ff_<kind>_<id>_<secret>")]
pub struct ApiKeyError;

/// An API key as its owner holds it: `ff_<kind>_<id>_<secret>`.
///
/// Shown once, when it is created. Debug output omits the secret.
#[derive(Clone)]
pub struct ApiKey {
    kind: KeyKind,
    id: ApiKeyId,
    secret: [u8; 32],
}

impl ApiKeyId {
    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ApiKey {
    /// Generates a new key.
    pub fn generate(kind: KeyKind) -> Result<Self, RandomError> {
        let id = ApiKeyId(hex::encode(random::bytes::<8>()?));
        Ok(Self { kind, id, secret: random::bytes()? })
    }

    /// Generates another secret for a key.
    pub fn with_new_secret(kind: KeyKind, id: ApiKeyId) -> Result<Self, RandomError> {
        Ok(Self { kind, id, secret: random::bytes()? })
    }

    /// Returns the kind it states, which must be the stored one.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the public part, by which it is looked up.
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// Returns the hash of the secret, which the store keeps.
    pub fn secret_hash(&self) -> SecretHash {
        SecretHash::of(&self.secret)
    }

    /// Returns the whole key, to show to its owner once.
    pub fn reveal(&self) -> String {
        format!("ff_{}_{}_{}", self.kind.as_str(), self.id, hex::encode(self.secret))
    }
}

fn lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl FromStr for ApiKeyId {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        if lower_hex(text, 16) { Ok(Self(text.to_owned())) } else { Err(ApiKeyError) }
    }
}

impl TryFrom<String> for ApiKeyId {
    type Error = ApiKeyError;

    fn try_from(text: String) -> Result<Self, ApiKeyError> {
        text.parse()
    }
}

impl From<ApiKeyId> for String {
    fn from(id: ApiKeyId) -> Self {
        id.0
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        let mut parts = text.split('_');
        let (Some("ff"), Some(kind), Some(id), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ApiKeyError);
        };
        let kind = kind.parse().map_err(|_| ApiKeyError)?;
        let id = id.parse()?;
        if !lower_hex(secret, 64) {
            return Err(ApiKeyError);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret, &mut bytes).map_err(|_| ApiKeyError)?;
        Ok(Self { kind, id, secret: bytes })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ff_{}_{}_***", self.kind.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_parses_and_debug_output_omits_its_secret() {
        let key = ApiKey::generate(KeyKind::Collect).unwrap();
        let read: ApiKey = key.reveal().parse().unwrap();
        assert_eq!(read.id(), key.id());
        assert_eq!(read.kind(), KeyKind::Collect);
        assert_eq!(read.secret_hash(), key.secret_hash());
        assert!(!format!("{key:?}{:?}", key.secret_hash()).contains(&hex::encode(key.secret)));
    }

    #[test]
    fn two_keys_share_nothing() {
        let [one, two] = [(); 2].map(|()| ApiKey::generate(KeyKind::Read).unwrap());
        assert_ne!(one.id(), two.id());
        assert_ne!(one.secret_hash(), two.secret_hash());
    }

    #[test]
    fn text_that_is_not_a_key_is_refused() {
        let good = ApiKey::generate(KeyKind::Import).unwrap().reveal();
        for wrong in [
            String::new(),
            "ff_import".into(),
            good.replace("import", "admin"),
            good.replace("ff_", "gg_"),
            good.to_uppercase(),
            format!("{good}0"),
            format!("{good}_x"),
        ] {
            assert!(wrong.parse::<ApiKey>().is_err(), "{wrong}");
        }
    }
}
