use aggregates::StreamId;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a signature.
const SIGNATURE: usize = 12;

/// Signs the places of the feed that a ticket's streams send as `id:`, so that a client can show that
/// it has seen one.
pub(crate) struct Places {
    key: [u8; 32],
}

impl Places {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// `<place>.<signature>`.
    pub(crate) fn signed(&self, place: StreamId) -> String {
        let place = place.to_string();
        let signature = URL_SAFE_NO_PAD.encode(self.signature(&place));
        format!("{place}.{signature}")
    }

    /// Whether `text` is a place that was signed here.
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

/// The place that `text` names, signed or not.
pub(crate) fn read(text: &str) -> Option<StreamId> {
    let place = text.split_once('.').map_or(text, |(place, _)| place);
    place.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_here_was_sent() {
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
