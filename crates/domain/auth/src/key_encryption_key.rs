use std::{error::Error, fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::SealError;

/// How many bytes of a sealed secret name its key.
pub(crate) const ID_LENGTH: usize = 8;

/// A key encryption key: seals the data keys of secrets. Debug output shows its id only.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    id: KeyEncryptionKeyId,
    key: [u8; 32],
}

/// The id of a key encryption key: the start of a hash of it. Every sealed secret names its key by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyEncryptionKeyId([u8; ID_LENGTH]);

/// Where a process reads a key encryption key when it starts: its environment, a file, or a key
/// management service.
#[async_trait::async_trait]
pub trait KeySource: Send + Sync {
    /// Reads the key.
    async fn key(&self) -> Result<KeyEncryptionKey, KeySourceError>;
}

/// Why a source gives no key.
#[derive(Debug, thiserror::Error)]
pub enum KeySourceError {
    /// It gives something else.
    #[error(transparent)]
    Form(#[from] SealError),
    /// It refuses: a retry does not help.
    #[error("the source of a key encryption key refuses it: {0}")]
    Refused(String),
    /// It cannot be read; a retry may help.
    #[error("the source of a key encryption key cannot be read")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl KeyEncryptionKey {
    /// Takes 32 random bytes as a key.
    pub fn new(key: [u8; 32]) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"footfall key id").chain_update(key).finalize().into();
        let mut id = [0; ID_LENGTH];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self { id: KeyEncryptionKeyId(id), key }
    }

    /// Returns its id.
    pub fn id(&self) -> KeyEncryptionKeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

/// Base64 of 32 bytes.
impl FromStr for KeyEncryptionKey {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let key = STANDARD.decode(text.trim()).map_err(|_| SealError::Key)?;
        <[u8; 32]>::try_from(key).map(Self::new).map_err(|_| SealError::Key)
    }
}

impl KeyEncryptionKeyId {
    /// Takes the bytes of an id.
    pub fn from_bytes(bytes: [u8; ID_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; ID_LENGTH] {
        &self.0
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for KeyEncryptionKeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyEncryptionKeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyEncryptionKeyId({self})")
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyEncryptionKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_base64_of_32_bytes_and_shows_its_id_only() {
        let text = format!("{}\n", STANDARD.encode([7_u8; 32]));
        let key: KeyEncryptionKey = text.parse().unwrap();
        assert_eq!(key.id(), KeyEncryptionKey::new([7_u8; 32]).id());
        assert_ne!(key.id(), KeyEncryptionKey::new([8; 32]).id());
        assert_eq!(format!("{key:?}"), format!("KeyEncryptionKey({})", key.id()));
        for wrong in ["", "AAAA", "not base64", &STANDARD.encode([7_u8; 33])] {
            assert!(wrong.parse::<KeyEncryptionKey>().is_err(), "{wrong}");
        }
    }
}
