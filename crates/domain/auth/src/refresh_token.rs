use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use sha2::{Digest, Sha256};

use crate::{RandomError, SealError, SealedField, Sealer, SecretHash, random};

/// What a spent token seals.
const SUCCESSOR: SealedField<'_> =
    SealedField { purpose: "refresh_token", tenant: "", row: "", field: "successor" };

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

    /// Seals the token that follows this one. Only a holder of this one can open it, so the store can
    /// keep it for a refresh that is repeated.
    pub fn seal_successor(&self, successor: &Self) -> Result<Vec<u8>, SealError> {
        self.sealer().seal(SUCCESSOR, &successor.0)
    }

    /// Opens the token that follows this one.
    pub fn open_successor(&self, sealed: &[u8]) -> Result<Self, SealError> {
        let bytes = self.sealer().open(SUCCESSOR, sealed)?;
        bytes.try_into().map(Self).map_err(|_| SealError::Form)
    }

    /// Returns a sealer whose key is another hash than the stored one.
    fn sealer(&self) -> Sealer {
        let key = Sha256::new().chain_update(b"footfall successor of a refresh token");
        Sealer::new(key.chain_update(self.0).finalize().into())
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

    #[test]
    fn only_the_token_before_opens_its_successor() {
        let [first, second, stranger] = [(); 3].map(|()| RefreshToken::generate().unwrap());
        let sealed = first.seal_successor(&second).unwrap();
        assert_eq!(first.open_successor(&sealed).unwrap().hash(), second.hash());
        assert!(stranger.open_successor(&sealed).is_err());
        assert!(Sealer::new(*first.hash().as_bytes()).open(SUCCESSOR, &sealed).is_err());
    }
}
