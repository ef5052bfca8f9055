use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{RandomError, SecretHash, random};

/// A refresh token as its owner holds it: 256 random bits without content.
///
/// It is valid for one use. Debug output hides it.
#[derive(Clone)]
pub struct RefreshToken([u8; 32]);

/// The text is not a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a refresh token")]
pub struct RefreshTokenError;

impl RefreshToken {
    /// Generates a new token.
    pub fn generate() -> Result<Self, RandomError> {
        random::bytes().map(Self)
    }

    /// Returns the hash, which the store keeps.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// Returns the whole token, to show to its owner once.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl FromStr for RefreshToken {
    type Err = RefreshTokenError;

    fn from_str(text: &str) -> Result<Self, RefreshTokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| RefreshTokenError)?;
        bytes.try_into().map(Self).map_err(|_| RefreshTokenError)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_token_parses() {
        let token = RefreshToken::generate().unwrap();
        assert_eq!(token.reveal().parse::<RefreshToken>().unwrap().hash(), token.hash());
        assert_ne!(RefreshToken::generate().unwrap().hash(), token.hash());
        assert!("short".parse::<RefreshToken>().is_err());
    }
}
