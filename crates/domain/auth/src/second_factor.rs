use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{RandomError, SealError, SealedField, Sealer, SecretHash, random};

/// How long a code counts, in seconds; the default of RFC 6238 and of all apps.
const STEP_SECONDS: i64 = 30;
/// How many steps the clock of a phone may differ.
const TOLERANCE: i64 = 1;
/// The alphabet of base32 (RFC 4648).
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// How many letters a recovery code has, without hyphens.
const RECOVERY_LENGTH: usize = 16;

/// The secret that an authenticator app makes codes of (TOTP, RFC 6238): SHA-1, six digits, 30 seconds,
/// because apps ignore other choices. Debug output hides it.
#[derive(Clone)]
pub struct TotpSecret([u8; 20]);

/// A code for a user who has lost the app: 80 random bits, valid once. Debug output hides it.
#[derive(Clone)]
pub struct RecoveryCode(String);

/// The text is not a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a recovery code")]
pub struct RecoveryCodeError;

impl TotpSecret {
    /// Generates a new secret.
    pub fn generate() -> Result<Self, RandomError> {
        random::bytes().map(Self)
    }

    /// Seals the secret for the row of its user.
    pub fn seal(&self, sealer: &Sealer, tenant: &str, user_id: Uuid) -> Result<Vec<u8>, SealError> {
        sealer.seal(Self::sealed_field(tenant, &user_id.to_string()), &self.0)
    }

    /// Opens the sealed secret of a user.
    pub fn open(
        sealed: &[u8],
        sealer: &Sealer,
        tenant: &str,
        user_id: Uuid,
    ) -> Result<Self, SealError> {
        let bytes = sealer.open(Self::sealed_field(tenant, &user_id.to_string()), sealed)?;
        bytes.try_into().map(Self).map_err(|_| SealError::Form)
    }

    /// Returns what the secret of a user is sealed for. `user_id` is in hexadecimal with hyphens; the
    /// tenant of an admin is empty.
    pub fn sealed_field<'a>(tenant: &'a str, user_id: &'a str) -> SealedField<'a> {
        SealedField { purpose: "second_factor", tenant, row: user_id, field: "secret" }
    }

    /// Returns the secret in base32, to type into an app.
    pub fn reveal(&self) -> String {
        base32(&self.0)
    }

    /// Returns the time step of `code` if it is the code of about `now`. A step counts once: the store
    /// refuses it the second time.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let current = now.timestamp().div_euclid(STEP_SECONDS);
        let matches = |step: &i64| self.code(*step).as_bytes().ct_eq(code.as_bytes()).into();
        (current - TOLERANCE..=current + TOLERANCE).find(matches)
    }

    /// Returns the code of a time step (RFC 4226); an empty text, which no code equals, never happens.
    fn code(&self, step: i64) -> String {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else { return String::new() };
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
        let four = digest.get(offset..).and_then(|rest| rest.first_chunk::<4>());
        let number = u32::from_be_bytes(four.copied().unwrap_or_default()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

impl RecoveryCode {
    /// Generates a new code.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(base32(&random::bytes::<10>()?)))
    }

    /// Returns the hash that the store keeps, of a code of this user.
    pub fn hash(&self, user_id: Uuid) -> SecretHash {
        let digest = Sha256::new().chain_update(user_id.as_bytes()).chain_update(&self.0);
        SecretHash::from_bytes(digest.finalize().into())
    }

    /// Returns the code in groups of four letters, to show once.
    pub fn reveal(&self) -> String {
        let letters: Vec<_> = self.0.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join("-").to_lowercase()
    }
}

/// Ignores case, spaces and hyphens, since people type it.
impl FromStr for RecoveryCode {
    type Err = RecoveryCodeError;

    fn from_str(text: &str) -> Result<Self, RecoveryCodeError> {
        let letters = text.chars().filter(|letter| !matches!(letter, '-' | ' '));
        let code: String =
            letters.take(RECOVERY_LENGTH + 1).map(|letter| letter.to_ascii_uppercase()).collect();
        let fits = code.len() == RECOVERY_LENGTH && code.bytes().all(|b| ALPHABET.contains(&b));
        if fits { Ok(Self(code)) } else { Err(RecoveryCodeError) }
    }
}

/// Returns whole groups of five bytes in base32.
fn base32(bytes: &[u8]) -> String {
    let (groups, _) = bytes.as_chunks::<5>();
    let letters = groups.iter().flat_map(|group| {
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().map(move |place| (bits >> (5 * place) & 31) as usize)
    });
    letters.filter_map(|letter| ALPHABET.get(letter).map(|letter| char::from(*letter))).collect()
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = TotpSecret(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
        assert_eq!(secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_one_step_earlier_and_later() {
        let secret = TotpSecret::generate().unwrap();
        let now = 1_800_000_000;
        let code = secret.code(now / 30);
        for (seconds, counts) in [(-60, false), (-30, true), (0, true), (59, true), (60, false)] {
            let step = secret.step_of(&code, at(now + seconds));
            assert_eq!(step, counts.then_some(now / 30), "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(secret.step_of(wrong, at(now)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_opens_for_its_own_user_only() {
        let sealer = Sealer::new([7; 32]);
        let [user, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let secret = TotpSecret::generate().unwrap();
        let sealed = secret.seal(&sealer, "acme", user).unwrap();
        let opened = TotpSecret::open(&sealed, &sealer, "acme", user).unwrap();
        assert_eq!(opened.reveal(), secret.reveal());
        assert!(TotpSecret::open(&sealed, &sealer, "acme", other).is_err());
        assert!(TotpSecret::open(&sealed, &sealer, "globex", user).is_err());
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let [user, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let code = RecoveryCode::generate().unwrap();
        let shown = code.reveal();
        assert_eq!(shown.len(), 19, "{shown}");
        for typed in [shown.clone(), shown.replace('-', " "), shown.to_uppercase()] {
            let read: RecoveryCode = typed.parse().unwrap();
            assert_eq!(read.hash(user), code.hash(user));
            assert_ne!(read.hash(other), code.hash(user));
        }
        for wrong in ["", "123456", "aaaa-bbbb-cccc-ddd1", &format!("{shown}a")] {
            assert!(wrong.parse::<RecoveryCode>().is_err(), "{wrong}");
        }
    }
}
