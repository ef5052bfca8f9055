use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use serde::{Deserialize, Serialize};

use crate::{
    CredentialStoreError, RandomError, SealError, SealedField, Sealer, StoredSigningKey, random,
};

/// The id of a signing key: `[A-Za-z0-9_-]{1,64}`. It is looked up, never interpreted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

/// A private key that signs access tokens (Ed25519). Debug output shows its id only.
#[derive(Clone)]
pub struct SigningKey {
    id: KeyId,
    key: ed25519_dalek::SigningKey,
}

/// A public key as published (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JsonWebKey {
    /// Always `OKP`.
    pub kty: &'static str,
    /// Always `Ed25519`.
    pub crv: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub key_use: &'static str,
    /// Always `EdDSA`.
    pub alg: &'static str,
    /// The key's id.
    pub kid: KeyId,
    /// The public key, base64url.
    pub x: String,
}

/// The document at `/.well-known/jwks.json` (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JsonWebKeySet {
    /// Every key whose tokens are still accepted.
    pub keys: Vec<JsonWebKey>,
}

/// Why a signing key cannot be created or read.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The text is not a key id.
    #[error("a key id is 1 to 64 of A-Z a-z 0-9 _ -")]
    Id,
    /// Not a private Ed25519 key in PKCS #8.
    #[error("not an Ed25519 private key in PKCS #8 form")]
    Form,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The sealed key cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] CredentialStoreError),
    /// The store has none.
    #[error("there is no signing key")]
    Missing,
}

impl KeyId {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SigningKey {
    /// Generates a new key.
    pub fn generate() -> Result<Self, RandomError> {
        let key = ed25519_dalek::SigningKey::from_bytes(&random::bytes()?);
        let id = KeyId(hex::encode(random::bytes::<8>()?));
        Ok(Self { id, key })
    }

    /// Returns the key's id.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Returns the public key, as published.
    pub fn public(&self) -> JsonWebKey {
        JsonWebKey {
            kty: "OKP",
            crv: "Ed25519",
            key_use: "sig",
            alg: "EdDSA",
            kid: self.id.clone(),
            x: URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes()),
        }
    }

    /// Returns the private key in PKCS #8 (DER).
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, SigningKeyError> {
        let document = self.key.to_pkcs8_der().map_err(|_| SigningKeyError::Form)?;
        Ok(document.as_bytes().to_vec())
    }

    /// Seals the key for the store.
    pub fn seal(
        &self,
        sealer: &Sealer,
        created_at: DateTime<Utc>,
    ) -> Result<StoredSigningKey, SigningKeyError> {
        let sealed_pkcs8 = sealer.seal(Self::sealed_field(self.id.as_str()), &self.pkcs8()?)?;
        Ok(StoredSigningKey { id: self.id.clone(), sealed_pkcs8, created_at })
    }

    /// Opens a stored key.
    pub fn open(stored: &StoredSigningKey, sealer: &Sealer) -> Result<Self, SigningKeyError> {
        let pkcs8 = sealer.open(Self::sealed_field(stored.id.as_str()), &stored.sealed_pkcs8)?;
        let key =
            ed25519_dalek::SigningKey::from_pkcs8_der(&pkcs8).map_err(|_| SigningKeyError::Form)?;
        Ok(Self { id: stored.id.clone(), key })
    }

    /// Returns what the key with this id is sealed for.
    pub fn sealed_field(id: &str) -> SealedField<'_> {
        SealedField { purpose: "signing_key", tenant: "", row: id, field: "pkcs8" }
    }
}

impl FromStr for KeyId {
    type Err = SigningKeyError;

    fn from_str(text: &str) -> Result<Self, SigningKeyError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(SigningKeyError::Id) }
    }
}

impl TryFrom<String> for KeyId {
    type Error = SigningKeyError;

    fn try_from(text: String) -> Result<Self, SigningKeyError> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_under_its_own_id_only() {
        let sealer = Sealer::new([3; 32]);
        let key = SigningKey::generate().unwrap();
        let stored = key.seal(&sealer, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(SigningKey::open(&stored, &sealer).unwrap().public(), key.public());
        let renamed = StoredSigningKey { id: "other".parse().unwrap(), ..stored };
        assert!(SigningKey::open(&renamed, &sealer).is_err());
    }
}
