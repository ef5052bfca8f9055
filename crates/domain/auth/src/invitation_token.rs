use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{RandomError, SecretHash, random};

const PREFIX: &str = "ffi_";

/// What an invited person sets a password with, once: `ffi_` and 256 random bits.
///
/// Shown once, to whoever invites. Debug output shows nothing of it.
#[derive(Clone)]
pub struct InvitationToken([u8; 32]);

/// The text is not an invitation's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an invitation of the form ffi_<secret>")]
pub struct InvitationTokenError;

impl InvitationToken {
    /// A new token.
    pub fn generate() -> Result<Self, RandomError> {
        random::bytes().map(Self)
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// The whole token, to hand on once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for InvitationToken {
    type Err = InvitationTokenError;

    fn from_str(text: &str) -> Result<Self, InvitationTokenError> {
        let secret = text.strip_prefix(PREFIX).ok_or(InvitationTokenError)?;
        let bytes = URL_SAFE_NO_PAD.decode(secret).map_err(|_| InvitationTokenError)?;
        bytes.try_into().map(Self).map_err(|_| InvitationTokenError)
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_token_reads_back_and_nothing_else_does() {
        let token = InvitationToken::generate().unwrap();
        let shown = token.reveal();
        let secret = shown.strip_prefix("ffi_").unwrap();
        assert_eq!(shown.parse::<InvitationToken>().unwrap().hash(), token.hash());
        assert_ne!(InvitationToken::generate().unwrap().hash(), token.hash());
        for wrong in ["", "ffi_", "ffi_AAAA", secret, &shown.replace("ffi_", "ff_")] {
            assert!(wrong.parse::<InvitationToken>().is_err(), "{wrong}");
        }
        assert!(!format!("{token:?}").contains(secret));
    }
}
