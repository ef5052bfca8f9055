use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};

use crate::{RandomError, random};

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 8;
const NONCE_LENGTH: usize = 24;
/// A wrapped data key: 32 bytes and the tag.
const WRAPPED_LENGTH: usize = 48;

/// Envelope encryption of secrets that must be read back (cluster passwords, signing keys).
///
/// Each secret has its own data key, wrapped by the key encryption key. Both layers
/// (XChaCha20-Poly1305) are bound to the [`SealedField`], so a sealed secret that was moved to
/// another row cannot be opened.
#[derive(Clone)]
pub struct Sealer {
    key: KeyEncryptionKey,
}

#[derive(Clone)]
struct KeyEncryptionKey {
    id: [u8; KEY_ID_LENGTH],
    key: [u8; 32],
}

/// Where a sealed secret belongs.
#[derive(Clone, Copy, Debug)]
pub struct SealedField<'a> {
    /// The purpose, such as `cluster`.
    pub purpose: &'a str,
    /// The tenant; empty for the platform.
    pub tenant: &'a str,
    /// The row's key.
    pub row: &'a str,
    /// The column.
    pub field: &'a str,
}

/// Why a secret was not sealed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key encryption key is not base64 of 32 bytes.
    #[error("the key encryption key must be base64 of exactly 32 bytes")]
    Key,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not a sealed secret, or sealed by a later version.
    #[error("this is not a sealed secret")]
    Form,
    /// Sealed with another key encryption key.
    #[error("the secret was sealed with another key encryption key")]
    UnknownKey,
    /// Altered, or moved from another row or field.
    #[error("the sealed secret was altered, or belongs to another field")]
    Mismatch,
}

impl Sealer {
    /// Creates a sealer from the setting: base64 of 32 bytes.
    pub fn from_base64(key: &str) -> Result<Self, SealError> {
        let key = STANDARD.decode(key.trim()).map_err(|_| SealError::Key)?;
        let key = <[u8; 32]>::try_from(key).map_err(|_| SealError::Key)?;
        Ok(Self::new(key))
    }

    /// Creates a sealer from the key encryption key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: KeyEncryptionKey::new(key) }
    }

    /// Seals `secret` for one field.
    pub fn seal(&self, field: SealedField<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let data_key = random::bytes::<32>()?;
        let (key_nonce, nonce) =
            (random::bytes::<NONCE_LENGTH>()?, random::bytes::<NONCE_LENGTH>()?);
        let wrapped = encrypt(&self.key.key, &key_nonce, &data_key, &field.associated("key"))?;
        let sealed = encrypt(&data_key, &nonce, secret, &field.associated("secret"))?;
        Ok([&[VERSION], &self.key.id[..], &key_nonce, &wrapped, &nonce, &sealed].concat())
    }

    /// Opens a secret that was sealed for the same field.
    pub fn open(&self, field: SealedField<'_>, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let (version, rest) = blob.split_first().ok_or(SealError::Form)?;
        if *version != VERSION {
            return Err(SealError::Form);
        }
        let (id, rest) = take::<KEY_ID_LENGTH>(rest)?;
        let (key_nonce, rest) = take::<NONCE_LENGTH>(rest)?;
        let (wrapped, rest) = take::<WRAPPED_LENGTH>(rest)?;
        let (nonce, sealed) = take::<NONCE_LENGTH>(rest)?;
        if self.key.id != *id {
            return Err(SealError::UnknownKey);
        }
        let data_key = decrypt(&self.key.key, key_nonce, wrapped, &field.associated("key"))?;
        let data_key = <[u8; 32]>::try_from(data_key).map_err(|_| SealError::Form)?;
        decrypt(&data_key, nonce, sealed, &field.associated("secret"))
    }
}

impl KeyEncryptionKey {
    fn new(key: [u8; 32]) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"footfall key id").chain_update(key).finalize().into();
        let mut id = [0; KEY_ID_LENGTH];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self { id, key }
    }
}

impl SealedField<'_> {
    /// Returns every part with its length before it, so that no two fields give the same bytes.
    fn associated(&self, layer: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in ["v1", layer, self.purpose, self.tenant, self.row, self.field] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LENGTH],
    secret: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, SealError> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(nonce.into(), Payload { msg: secret, aad: associated })
        .map_err(|_| SealError::Form)
}

fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LENGTH],
    sealed: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, SealError> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), Payload { msg: sealed, aad: associated })
        .map_err(|_| SealError::Mismatch)
}

fn take<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), SealError> {
    bytes.split_first_chunk::<N>().ok_or(SealError::Form)
}

impl fmt::Debug for Sealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sealer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: SealedField<'_> =
        SealedField { purpose: "cluster", tenant: "acme", row: "dedicated-1", field: "writer" };

    #[test]
    fn a_secret_opens_in_its_own_field_only() {
        let sealer = Sealer::new([7; 32]);
        let blob = sealer.seal(FIELD, b"hunter2").unwrap();
        assert_eq!(sealer.open(FIELD, &blob).unwrap(), b"hunter2");
        for moved in [
            SealedField { purpose: "signing-key", ..FIELD },
            SealedField { tenant: "globex", ..FIELD },
            SealedField { row: "dedicated-2", ..FIELD },
            SealedField { field: "reader", ..FIELD },
            // The same bytes when joined, but split elsewhere.
            SealedField { tenant: "acmed", row: "edicated-1", ..FIELD },
        ] {
            assert!(matches!(sealer.open(moved, &blob), Err(SealError::Mismatch)), "{moved:?}");
        }
    }

    #[test]
    fn every_changed_byte_is_detected() {
        let sealer = Sealer::new([7; 32]);
        let blob = sealer.seal(FIELD, b"hunter2").unwrap();
        for index in 0..blob.len() {
            let mut changed = blob.clone();
            changed[index] ^= 1;
            assert!(sealer.open(FIELD, &changed).is_err(), "byte {index}");
            assert!(sealer.open(FIELD, &blob[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn a_secret_sealed_with_another_key_is_an_unknown_key() {
        let blob = Sealer::new([1; 32]).seal(FIELD, b"hunter2").unwrap();
        assert!(matches!(Sealer::new([2; 32]).open(FIELD, &blob), Err(SealError::UnknownKey)));
    }

    #[test]
    fn sealing_the_same_secret_twice_gives_different_bytes() {
        let sealer = Sealer::new([7; 32]);
        assert_ne!(sealer.seal(FIELD, b"x").unwrap(), sealer.seal(FIELD, b"x").unwrap());
    }
}
