use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::{RandomError, random};

/// The cost, OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash that matches no password, with the same cost: used to check the login of an unknown user.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$Zm9vdGZhbGwtbm9ib2R5$5wSd1kTDLAbVOOpbLXwYhC9VfCZ1LTmB6x9cQbK1m1o";

/// Letters and digits that are not easily confused.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A password as its owner types it. Debug output hides it.
#[derive(Clone)]
pub struct Password(String);

/// Why a text is not an acceptable password, or why hashing failed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short to resist guessing, or too long to be hashed cheaply.
    #[error("must be 12 to 256 characters long")]
    Length,
    /// No randomness for the salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The hash function failed, for lack of memory.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
}

/// The stored hash of a password: a PHC string of argon2id. Debug output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Password {
    /// Generates a random password of 24 characters.
    pub fn generate() -> Result<Self, RandomError> {
        let bytes = random::bytes::<24>()?;
        let letter =
            |byte: &u8| ALPHABET.get(usize::from(byte & 31)).map(|letter| char::from(*letter));
        Ok(Self(bytes.iter().filter_map(letter).collect()))
    }

    /// Checks a password chosen for an account.
    pub fn choose(text: String) -> Result<Self, PasswordError> {
        let fits = (12..=256).contains(&text.chars().count());
        if fits { Ok(Self(text)) } else { Err(PasswordError::Length) }
    }

    /// Wraps a password of a login attempt, of any form.
    pub fn attempt(text: String) -> Self {
        Self(text)
    }

    /// Returns the password itself, to show to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Hashes the password. Takes tens of milliseconds of one core: not for an async thread.
    pub fn hash(&self) -> Result<PasswordHash, PasswordError> {
        let salt = random::bytes::<16>()?;
        let hashed = hasher()
            .and_then(|argon2| argon2.hash_password_with_salt(self.0.as_bytes(), &salt))
            .map_err(|error| PasswordError::Hashing(error.to_string()))?;
        Ok(PasswordHash(hashed.to_string()))
    }

    /// Returns whether it matches `hash`. Without a hash (an unknown user, or a user without a
    /// password) it does the same work, so that the time reveals nothing.
    ///
    /// Takes tens of milliseconds of one core: not for an async thread.
    pub fn verify(&self, hash: Option<&PasswordHash>) -> bool {
        let phc = hash.map_or(DUMMY_HASH, PasswordHash::as_str);
        let matches =
            hasher().and_then(|argon2| argon2.verify_password(self.0.as_bytes(), phc)).is_ok();
        matches && hash.is_some()
    }
}

impl PasswordHash {
    /// Creates a hash from stored text.
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Returns the text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hasher() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn only_the_right_password_verifies() {
        let password = Password::choose("correct horse battery".into()).unwrap();
        let hash = password.hash().unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(password.verify(Some(&hash)));
        assert!(!Password::attempt("correct horse".into()).verify(Some(&hash)));
        assert!(!password.verify(None));
    }

    #[test]
    fn an_unknown_user_takes_as_long_as_a_wrong_password() {
        let hash = Password::generate().unwrap().hash().unwrap();
        let guess = Password::attempt("guess".into());
        // By turns, so that whatever else the machine does slows both; of each, the fastest counts.
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..20 {
            for (fastest, hash) in fastest.iter_mut().zip([Some(&hash), None]) {
                let start = Instant::now();
                assert!(!guess.verify(hash));
                *fastest = start.elapsed().min(*fastest);
            }
        }
        let [known, unknown] = fastest;
        // Without a hash to compare with, the unknown would take no time at all.
        assert!(unknown > known / 2 && known > unknown / 2, "{known:?} and {unknown:?}");
    }

    #[test]
    fn too_short_and_too_long_passwords_are_refused() {
        assert!(Password::choose("short".into()).is_err());
        assert!(Password::choose("x".repeat(257)).is_err());
        assert_eq!(Password::generate().unwrap().reveal().len(), 24);
    }
}
