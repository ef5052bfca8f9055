use aggregates::StreamId;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The length of a signature, in bytes.
const SIGNATURE: usize = 12;

/// Signs the places of the feed that a ticket's streams send as `id:`, so that a client can prove that
/// it received one.
pub(crate) struct Places {
    key: [u8; 32],
}

impl Places {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Returns `<place>.<signature>`.
    pub(crate) fn signed(&self, place: StreamId) -> String {
        let place = place.to_string();
        let signature = URL_SAFE_NO_PAD.encode(self.signature(&place));
        format!("{place}.{signature}")
    }

    /// Returns whether `text` is a place with a signature of this key.
    pub(crate) fn has_signed(&self, text: &str) -> bool {
        let parts = text.split_once('.');
        let parts =
            parts.and_then(|(place, text)| Some((place, URL_SAFE_NO_PAD.decode(text).ok()?)));
        parts.is_some_and(|(place, signature)| self.signature(place).ct_eq(&signature).into())
    }

    fn signature(&self, place: &str) -> Vec<u8> {
        let digest = Sha256::new().chain_update(self.key).chain_update(place).finalize();
        digest.into_iter().take(SIGNATURE).collect()
    }
}

/// Reads the place in `text`, which may have a signature.
pub(crate) fn read(text: &str) -> Option<StreamId> {
    let place = text.split_once('.').map_or(text, |(place, _)| place);
    place.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signature_of_the_same_key_is_valid() {
        let places = Places::new([7; 32]);
        let place: StreamId = "1772323200000-3".parse().unwrap();
        let sent = places.signed(place);
        assert!(places.has_signed(&sent));
        assert_eq!(read(&sent), Some(place));
        assert_eq!(read("1772323200000-3"), Some(place));
        let later = sent.replace("-3.", "-4.");
        let another = Places::new([8; 32]).signed(place);
        for wrong in ["", ".", "1772323200000-3", "1772323200000-3.", &later, &another] {
            assert!(!places.has_signed(wrong), "{wrong:?}");
        }
    }
}
