use std::{fmt, sync::Arc};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};

use crate::{
    KeyEncryptionKey, KeyEncryptionKeyId, RandomError, key_encryption_key::ID_LENGTH, random,
};

const VERSION: u8 = 1;
pub(crate) const NONCE_LENGTH: usize = 24;
/// A wrapped data key: 32 bytes and the tag.
const WRAPPED_LENGTH: usize = 48;

/// Envelope encryption of secrets that must be read back (cluster passwords, signing keys).
///
/// Each secret has its own data key, wrapped by the current key encryption key. Both layers
/// (XChaCha20-Poly1305) are bound to the [`SealedField`], so a sealed secret that was moved to
/// another row cannot be opened. A sealed secret names its key encryption key, and any key that the
/// sealer has opens it.
#[derive(Clone)]
pub struct Sealer {
    current: KeyEncryptionKey,
    others: Arc<[KeyEncryptionKey]>,
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
    /// Sealed with a key encryption key that the sealer does not have.
    #[error("the secret was sealed with a key encryption key that is not in the settings")]
    UnknownKey,
    /// Altered, or moved from another row or field.
    #[error("the sealed secret was altered, or belongs to another field")]
    Mismatch,
}

/// A sealed secret: version, key id, nonce and wrapped data key, nonce and secret.
struct Envelope<'a> {
    key_id: KeyEncryptionKeyId,
    key_nonce: &'a [u8; NONCE_LENGTH],
    wrapped: &'a [u8; WRAPPED_LENGTH],
    /// The nonce of the secret, and the secret.
    rest: &'a [u8],
}

impl Sealer {
    /// Creates a sealer that has one key encryption key.
    pub fn new(key: [u8; 32]) -> Self {
        Self::with_keys(KeyEncryptionKey::new(key), [])
    }

    /// Creates a sealer that seals with `current`, and opens what any of the keys has sealed.
    pub fn with_keys(
        current: KeyEncryptionKey,
        others: impl IntoIterator<Item = KeyEncryptionKey>,
    ) -> Self {
        Self { current, others: others.into_iter().collect() }
    }

    /// Returns the id of the key that seals.
    pub fn current(&self) -> KeyEncryptionKeyId {
        self.current.id()
    }

    /// Returns whether it has the key with this id.
    pub fn has(&self, id: KeyEncryptionKeyId) -> bool {
        self.key(id).is_ok()
    }

    /// Returns the id of the key encryption key of a sealed secret.
    ///
    /// # Errors
    /// It is not a sealed secret.
    pub fn key_of(blob: &[u8]) -> Result<KeyEncryptionKeyId, SealError> {
        Envelope::read(blob).map(|envelope| envelope.key_id)
    }

    /// Seals `secret` for one field.
    pub fn seal(&self, field: SealedField<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let data_key = random::bytes::<32>()?;
        let nonce = random::bytes::<NONCE_LENGTH>()?;
        let sealed = encrypt(&data_key, &nonce, secret, &field.associated("secret"))?;
        self.wrap(field, &data_key, &[&nonce[..], &sealed].concat())
    }

    /// Opens a secret that was sealed for the same field.
    pub fn open(&self, field: SealedField<'_>, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let envelope = Envelope::read(blob)?;
        let data_key = self.unwrap_data_key(field, &envelope)?;
        let (nonce, sealed) = take::<NONCE_LENGTH>(envelope.rest)?;
        decrypt(&data_key, nonce, sealed, &field.associated("secret"))
    }

    /// Wraps the data key of a sealed secret with the current key encryption key. The secret is not
    /// opened: its bytes are the same afterwards.
    pub fn rewrap(&self, field: SealedField<'_>, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let envelope = Envelope::read(blob)?;
        let data_key = self.unwrap_data_key(field, &envelope)?;
        self.wrap(field, &data_key, envelope.rest)
    }

    fn wrap(
        &self,
        field: SealedField<'_>,
        data_key: &[u8; 32],
        rest: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let nonce = random::bytes::<NONCE_LENGTH>()?;
        let wrapped = encrypt(self.current.bytes(), &nonce, data_key, &field.associated("key"))?;
        let id = self.current.id();
        Ok([&[VERSION][..], id.as_bytes(), &nonce, &wrapped, rest].concat())
    }

    fn unwrap_data_key(
        &self,
        field: SealedField<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<[u8; 32], SealError> {
        let key = self.key(envelope.key_id)?.bytes();
        let data_key =
            decrypt(key, envelope.key_nonce, envelope.wrapped, &field.associated("key"))?;
        <[u8; 32]>::try_from(data_key).map_err(|_| SealError::Form)
    }

    fn key(&self, id: KeyEncryptionKeyId) -> Result<&KeyEncryptionKey, SealError> {
        let mut keys = std::iter::once(&self.current).chain(self.others.iter());
        keys.find(|key| key.id() == id).ok_or(SealError::UnknownKey)
    }
}

impl<'a> Envelope<'a> {
    fn read(blob: &'a [u8]) -> Result<Self, SealError> {
        let (version, rest) = blob.split_first().ok_or(SealError::Form)?;
        if *version != VERSION {
            return Err(SealError::Form);
        }
        let (id, rest) = take::<ID_LENGTH>(rest)?;
        let (key_nonce, rest) = take::<NONCE_LENGTH>(rest)?;
        let (wrapped, rest) = take::<WRAPPED_LENGTH>(rest)?;
        Ok(Self { key_id: KeyEncryptionKeyId::from_bytes(*id), key_nonce, wrapped, rest })
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

pub(crate) fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LENGTH],
    secret: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, SealError> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(nonce.into(), Payload { msg: secret, aad: associated })
        .map_err(|_| SealError::Form)
}

pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LENGTH],
    sealed: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, SealError> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), Payload { msg: sealed, aad: associated })
        .map_err(|_| SealError::Mismatch)
}

pub(crate) fn take<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), SealError> {
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
    fn a_rewrapped_secret_needs_the_current_key_only_and_keeps_its_field() {
        let [old, new] = [1, 2].map(|byte| KeyEncryptionKey::new([byte; 32]));
        let blob = Sealer::new([1; 32]).seal(FIELD, b"hunter2").unwrap();
        assert_eq!(Sealer::key_of(&blob).unwrap(), old.id());
        let both = Sealer::with_keys(new.clone(), [old]);
        assert_eq!(both.open(FIELD, &blob).unwrap(), b"hunter2");
        let moved = SealedField { row: "dedicated-2", ..FIELD };
        assert!(matches!(both.rewrap(moved, &blob), Err(SealError::Mismatch)));

        let rewrapped = both.rewrap(FIELD, &blob).unwrap();
        assert_eq!(Sealer::key_of(&rewrapped).unwrap(), new.id());
        assert_eq!(Sealer::with_keys(new, []).open(FIELD, &rewrapped).unwrap(), b"hunter2");
        let old_only = Sealer::new([1; 32]);
        assert!(matches!(old_only.open(FIELD, &rewrapped), Err(SealError::UnknownKey)));
        assert!(matches!(old_only.rewrap(FIELD, &rewrapped), Err(SealError::UnknownKey)));
    }

    #[test]
    fn a_secret_that_an_earlier_build_has_sealed_opens() {
        // "hunter2" under the key [7; 32], as the form was written first.
        let blob = hex::decode(concat!(
            "0129bff69b9856383b000102030405060708090a0b0c0d0e0f1011121314151617a816a986fe195d",
            "a22dce8b4ceaefa1a34fc72a0400e22166eb04ad9a86d18a8812a4cbf95aef4646014b7db9740471",
            "406465666768696a6b6c6d6e6f707172737475767778797a7b140697c49a5cbbfda3395f98979f3f",
            "a33ee09cb328604d",
        ));
        assert_eq!(Sealer::new([7; 32]).open(FIELD, &blob.unwrap()).unwrap(), b"hunter2");
    }

    #[test]
    fn sealing_the_same_secret_twice_gives_different_bytes() {
        let sealer = Sealer::new([7; 32]);
        assert_ne!(sealer.seal(FIELD, b"x").unwrap(), sealer.seal(FIELD, b"x").unwrap());
    }
}
