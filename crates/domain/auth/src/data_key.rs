use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{
    RandomError, SealError, SealedField, Sealer, random,
    sealer::{NONCE_LENGTH, decrypt, encrypt, take},
};

/// How many bytes of the hash of a key are its id.
const ID_LENGTH: usize = 8;

/// A data key: 256 random bits that encrypt what the archive has of one tenant. Debug output shows its id
/// only.
#[derive(Clone)]
pub struct DataKey {
    id: String,
    key: [u8; 32],
}

/// What is known of a data key.
#[derive(Clone, Debug)]
pub enum DataKeyState {
    /// The key.
    Kept(DataKey),
    /// It was destroyed together with its tenant: nobody can read any more what it has encrypted.
    Destroyed,
}

/// The data keys of some owners. An owner without a key has no entry.
pub type DataKeys = BTreeMap<String, DataKeyState>;

/// The store could not answer, or its keys cannot be opened; a retry can succeed.
#[derive(Debug, thiserror::Error)]
#[error("the data keys cannot be read")]
pub struct DataKeyStoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// The port for data keys; the control plane implements it. An owner is a `client_id`, or
/// [`DataKey::PLATFORM`].
#[async_trait::async_trait]
pub trait DataKeyStore: Send + Sync {
    /// Returns the data keys of these owners. It makes none.
    async fn data_keys(&self, owners: &BTreeSet<String>) -> Result<DataKeys, DataKeyStoreError>;

    /// Returns the same, and makes the keys that do not exist yet. Who is no tenant gets none, and neither does
    /// a tenant that is erased.
    async fn ensure_data_keys(
        &self,
        owners: &BTreeSet<String>,
    ) -> Result<DataKeys, DataKeyStoreError>;
}

impl DataKey {
    /// The owner of the key for what belongs to no known tenant. It is no `client_id`.
    pub const PLATFORM: &'static str = "-";

    /// How many bytes longer an encrypted text is: its nonce and its tag.
    pub const OVERHEAD: u64 = 40;

    /// Generates a new key.
    pub fn generate() -> Result<Self, RandomError> {
        random::bytes().map(Self::new)
    }

    fn new(key: [u8; 32]) -> Self {
        let id = derive("id", &key).into_iter().take(ID_LENGTH);
        Self { id: hex::encode(id.collect::<Vec<_>>()), key }
    }

    /// Returns its id, sixteen hexadecimal digits: the start of a hash of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals the key for the row of its owner.
    pub fn seal(&self, sealer: &Sealer, owner: &str) -> Result<Vec<u8>, SealError> {
        sealer.seal(Self::sealed_field(owner), &self.key)
    }

    /// Opens the sealed key of an owner.
    pub fn open(sealed: &[u8], sealer: &Sealer, owner: &str) -> Result<Self, SealError> {
        let key = sealer.open(Self::sealed_field(owner), sealed)?;
        key.try_into().map(Self::new).map_err(|_| SealError::Form)
    }

    /// Returns what the key of an owner is sealed for.
    pub fn sealed_field(owner: &str) -> SealedField<'_> {
        SealedField { purpose: "data-key", tenant: owner, row: owner, field: "sealed" }
    }

    /// Encrypts `contents` (XChaCha20-Poly1305), bound to `associated`. The nonce is a MAC of both: the same
    /// contents in the same place give the same bytes, and no nonce serves two contents.
    pub fn encrypt(&self, contents: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = self.nonce(contents, associated)?;
        let encrypted = encrypt(&derive("encrypt", &self.key), &nonce, contents, associated)?;
        Ok([&nonce[..], &encrypted].concat())
    }

    /// Decrypts what was encrypted with this key and bound to the same.
    pub fn decrypt(&self, encrypted: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, rest) = take::<NONCE_LENGTH>(encrypted)?;
        decrypt(&derive("encrypt", &self.key), nonce, rest, associated)
    }

    fn nonce(&self, contents: &[u8], associated: &[u8]) -> Result<[u8; NONCE_LENGTH], SealError> {
        let mac = Hmac::<Sha256>::new_from_slice(&derive("nonce", &self.key));
        let mut mac = mac.map_err(|_| SealError::Form)?;
        mac.update(&(associated.len() as u64).to_be_bytes());
        mac.update(associated);
        mac.update(contents);
        let code: [u8; 32] = mac.finalize().into_bytes().into();
        take::<NONCE_LENGTH>(&code).map(|(nonce, _)| *nonce)
    }
}

/// Returns a key, or an id, for one purpose.
fn derive(purpose: &str, key: &[u8; 32]) -> [u8; 32] {
    let digest = Sha256::new().chain_update(b"footfall data key ").chain_update(purpose);
    digest.chain_update(key).finalize().into()
}

impl fmt::Debug for DataKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DataKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_decrypted_in_its_own_place_and_with_its_own_key_only() {
        let key = DataKey::new([7; 32]);
        let encrypted = key.encrypt(b"a click", b"acme, object 1").unwrap();
        assert_eq!(encrypted.len() as u64, 7 + DataKey::OVERHEAD);
        assert_eq!(key.decrypt(&encrypted, b"acme, object 1").unwrap(), b"a click");
        assert!(key.decrypt(&encrypted, b"acme, object 2").is_err());
        assert!(DataKey::new([8; 32]).decrypt(&encrypted, b"acme, object 1").is_err());
        for index in 0..encrypted.len() {
            let mut changed = encrypted.clone();
            changed[index] ^= 1;
            assert!(key.decrypt(&changed, b"acme, object 1").is_err(), "byte {index}");
            let cut = &encrypted[..index];
            assert!(key.decrypt(cut, b"acme, object 1").is_err(), "cut at {index}");
        }
    }

    #[test]
    fn the_same_text_gives_the_same_bytes_and_any_other_one_another_nonce() {
        let key = DataKey::new([7; 32]);
        let encrypted = key.encrypt(b"a click", b"acme").unwrap();
        assert_eq!(encrypted, key.encrypt(b"a click", b"acme").unwrap());
        for (contents, associated) in [
            (&b"a clack"[..], &b"acme"[..]),
            (b"a click", b"globex"),
            // The same bytes when joined, but split elsewhere.
            (b"ea click", b"acm"),
        ] {
            let other = key.encrypt(contents, associated).unwrap();
            assert_ne!(encrypted[..NONCE_LENGTH], other[..NONCE_LENGTH]);
        }
    }

    #[test]
    fn a_sealed_key_opens_for_its_own_tenant_only_and_is_not_shown() {
        let sealer = Sealer::new([1; 32]);
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(&sealer, "acme").unwrap();
        assert_eq!(DataKey::open(&sealed, &sealer, "acme").unwrap().id(), key.id());
        assert!(DataKey::open(&sealed, &sealer, "globex").is_err());
        assert_eq!(format!("{key:?}"), format!("DataKey({})", key.id()));
        assert_ne!(DataKey::generate().unwrap().id(), key.id());
    }

    #[test]
    fn what_an_earlier_build_has_encrypted_is_decrypted() {
        let key = DataKey::new([7; 32]);
        assert_eq!(key.id(), "2c8f0281d8939232");
        let encrypted = hex::decode(concat!(
            "d0778c26ee124c625a41b8ac17e62cdde4524451072595ff264f1b13329da9ca7f1190cda0fea1ca",
            "312b09f25a0f41",
        ));
        assert_eq!(key.decrypt(&encrypted.unwrap(), b"acme").unwrap(), b"a click");
    }
}
