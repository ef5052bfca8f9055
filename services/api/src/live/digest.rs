use std::{fmt, iter::Sum};

use sha2::{Digest as _, Sha256};
use tenancy::CampaignId;

/// The length of the text, in characters.
const LENGTH: usize = 16;

/// The campaigns of a stream in eight bytes: the sum of a hash of each. It is the same in all processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Digest(u64);

impl Digest {
    /// Returns the digest of one campaign.
    pub(crate) fn of(campaign: &CampaignId) -> Self {
        let hash = Sha256::digest(campaign.as_str());
        Self(hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// Reads the text of a digest.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_digest = text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }
}

impl Sum for Digest {
    fn sum<I: Iterator<Item = Self>>(digests: I) -> Self {
        Self(digests.fold(0, |sum, digest| sum.wrapping_add(digest.0)))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:0LENGTH$x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_campaigns_have_the_same_digest() {
        let of = |campaigns: &[&str]| -> Digest {
            campaigns.iter().map(|id| Digest::of(&id.parse().unwrap())).sum()
        };
        assert_eq!(of(&["a", "b"]), of(&["b", "a"]));
        for other in [&[][..], &["a"], &["ab"], &["a", "b", "c"]] {
            assert_ne!(of(&["a", "b"]), of(other), "{other:?}");
        }
    }

    #[test]
    fn a_digest_is_read_from_its_text() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(Digest::read(&Digest(number).to_string()), Some(Digest(number)));
        }
        for wrong in ["", "0", "+00000000000000f", "00000000000000000", "000000000000000g"] {
            assert_eq!(Digest::read(wrong), None, "{wrong}");
        }
    }
}
