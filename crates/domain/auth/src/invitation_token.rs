use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{RandomError, SecretHash, random};

const PREFIX: &str = "ffi_";

/// The token with which an invited person sets a password, once: `ffi_` and 256 random bits.
///
/// Shown once, to the person who invites. Debug output hides it.
#[derive(Clone)]
pub struct InvitationToken([u8; 32]);

/// The text is not an invitation's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an invitation of the form ffi_<secret>")]
pub struct InvitationTokenError;

impl InvitationToken {
    /// Generates a new token.
    pub fn generate() -> Result<Self, RandomError> {
        random::bytes().map(Self)
    }

    /// Returns the hash, which the store keeps.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// Returns the whole token, to show once.
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
    fn only_a_generated_token_parses() {
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
