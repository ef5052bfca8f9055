use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Person, PersonHash, PersonKind};

/// The length of a block of SHA-256, to which HMAC extends its key, in bytes.
const BLOCK: usize = 64;

/// A tenant's key, with which the ids of its persons are hashed.
#[derive(Clone)]
pub struct PersonKey {
    key: [u8; 32],
    /// SHA-256 after the pads: each hash continues from there.
    inner: Sha256,
    outer: Sha256,
}

/// What a store needs that computes [`PersonHash`] itself: `SHA-256(outer ‖ SHA-256(inner ‖ kind ‖ ':' ‖ id))`.
#[derive(Clone, Copy)]
pub struct HashPads {
    /// Before the text.
    pub inner: [u8; BLOCK],
    /// Before the hash of the text.
    pub outer: [u8; BLOCK],
}

/// A key could not be created or read.
#[derive(Debug, thiserror::Error)]
pub enum PersonKeyError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Random(#[source] getrandom::Error),
    /// It does not have 32 bytes.
    #[error("a key of persons has 32 bytes")]
    Length,
}

impl PersonKey {
    /// Creates a random key.
    ///
    /// # Errors
    /// [`PersonKeyError::Random`].
    pub fn random() -> Result<Self, PersonKeyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(PersonKeyError::Random)?;
        Ok(Self::new(key))
    }

    /// Reads a key that was stored.
    ///
    /// # Errors
    /// [`PersonKeyError::Length`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PersonKeyError> {
        bytes.try_into().map(Self::new).map_err(|_| PersonKeyError::Length)
    }

    fn new(key: [u8; 32]) -> Self {
        let HashPads { inner, outer } = pads(&key);
        let after = |pad: [u8; BLOCK]| Sha256::new().chain_update(pad);
        Self { key, inner: after(inner), outer: after(outer) }
    }

    /// Returns the key, to be sealed and stored.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// Returns what a store needs that computes the hashes itself.
    pub fn pads(&self) -> HashPads {
        pads(&self.key)
    }

    /// Returns the hash of a person.
    pub fn hash(&self, person: &Person) -> PersonHash {
        self.hash_of(person.kind(), person.id())
    }

    /// Returns the hash of an id that an event has, which is the id of a person.
    pub(crate) fn hash_of(&self, kind: PersonKind, id: &str) -> PersonHash {
        let inner = self.inner.clone().chain_update(kind.as_str()).chain_update(b":");
        let inner = inner.chain_update(id).finalize();
        PersonHash(self.outer.clone().chain_update(inner).finalize().into())
    }
}

fn pads(key: &[u8; 32]) -> HashPads {
    let padded = |byte: u8| {
        let mut pad = [byte; BLOCK];
        pad.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        pad
    };
    HashPads { inner: padded(0x36), outer: padded(0x5c) }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonKey(***)")
    }
}

impl fmt::Debug for HashPads {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HashPads(***)")
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};

    use super::*;

    #[test]
    fn a_hash_is_hmac_sha256_of_kind_and_id() {
        let key = PersonKey::from_bytes(&[7; 32]).unwrap();
        let person = Person::new(PersonKind::Customer, "c-1").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"customer:c-1");
        assert_eq!(key.hash(&person).0[..], mac.finalize().into_bytes()[..]);
    }

    #[test]
    fn kinds_ids_and_keys_have_hashes_of_their_own() {
        let hash = |key: u8, kind, id: &str| {
            let key = PersonKey::from_bytes(&[key; 32]).unwrap();
            key.hash(&Person::new(kind, id).unwrap())
        };
        let one = hash(1, PersonKind::Visitor, "a");
        assert_ne!(one, hash(1, PersonKind::Customer, "a"));
        assert_ne!(one, hash(1, PersonKind::Visitor, "b"));
        assert_ne!(one, hash(2, PersonKind::Visitor, "a"));
        assert_eq!(one, hash(1, PersonKind::Visitor, "a"));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = PersonKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?} {:?}", key.pads()), "PersonKey(***) HashPads(***)");
        assert!(PersonKey::from_bytes(&[7; 31]).is_err());
    }
}
