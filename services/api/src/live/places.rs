use std::fmt;

use aggregates::StreamId;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::digest::Digest;

/// The length of a signature, in bytes.
const SIGNATURE: usize = 12;

/// What a client has received: everything that the feed contains up to a place, of some campaigns. Its
/// text is the `id:` of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) feed: StreamId,
    /// The campaigns of a stream of several. A stream of other campaigns cannot resume here.
    pub(crate) campaigns: Option<Digest>,
}

/// Signs the places that a ticket's streams send as `id:`, so that a client can prove that
/// it received one.
pub(crate) struct Places {
    key: [u8; 32],
}

impl Places {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Returns `<place>.<signature>`.
    pub(crate) fn signed(&self, place: Place) -> String {
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
pub(crate) fn read(text: &str) -> Option<Place> {
    let place = text.split_once('.').map_or(text, |(place, _)| place);
    let mut parts = place.splitn(3, '-');
    let feed = format!("{}-{}", parts.next()?, parts.next()?).parse().ok()?;
    let campaigns = match parts.next() {
        Some(text) => Some(Digest::read(text)?),
        None => None,
    };
    Some(Place { feed, campaigns })
}

impl From<StreamId> for Place {
    fn from(feed: StreamId) -> Self {
        Self { feed, campaigns: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed, campaigns } = self;
        match campaigns {
            Some(campaigns) => write!(out, "{feed}-{campaigns}"),
            None => write!(out, "{feed}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signature_of_the_same_key_is_valid() {
        let places = Places::new([7; 32]);
        let place = read("1772323200000-3").unwrap();
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

    #[test]
    fn a_place_of_several_campaigns_names_them() {
        let campaigns = ["a", "b"].iter().map(|id| Digest::of(&id.parse().unwrap())).sum();
        let feed = "1772323200000-3".parse().unwrap();
        let place = Place { feed, campaigns: Some(campaigns) };
        let text = place.to_string();
        assert_eq!(text, format!("1772323200000-3-{campaigns}"));
        assert_eq!(read(&text), Some(place));
        assert_eq!(read(&Places::new([7; 32]).signed(place)), Some(place));
        for wrong in ["", "1", "1-", "1-x", "1-2-", "1-2-x", &format!("{text}-")] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
