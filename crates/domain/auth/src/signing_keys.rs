use std::{cmp::Ordering, iter};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Sealer, SigningKey, SigningKeyError, SigningKeyStore, StoredSigningKey};

/// How long a new key is published before it signs: every process reads it within seconds, and
/// clients cache the published keys for five minutes.
const PUBLISHED_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// How long a key is accepted after its last token should have expired: clocks differ, and a process
/// may learn late that another key signs.
const GRACE: TimeDelta = TimeDelta::minutes(2);

/// The platform's signing keys, as they are used at one moment.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    /// The key that signs.
    pub signing: SigningKey,
    /// The keys whose tokens are accepted, newest first; `signing` is one of them.
    pub accepted: Vec<SigningKey>,
}

/// How a stored signing key is used at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningKeyUse {
    /// It is published, and signs from this time on.
    Next(DateTime<Utc>),
    /// It signs.
    Signs,
    /// Another key signs by now. Its tokens are accepted until this time.
    Accepted(DateTime<Utc>),
    /// Another key signs, and all its tokens have expired.
    Expired,
}

impl SigningKeyUse {
    /// Returns the use of each key at `now`, in their order. `created` has the times of their creation,
    /// newest first; `lifetime` is that of access tokens.
    pub fn of(created: &[DateTime<Utc>], lifetime: TimeDelta, now: DateTime<Utc>) -> Vec<Self> {
        let begins = |created: &DateTime<Utc>| *created + PUBLISHED_BEFORE;
        let newest = created.iter().position(|created| begins(created) <= now);
        // The first key of a platform has nobody to wait for.
        let signing = newest.unwrap_or(created.len().saturating_sub(1));
        let successors =
            iter::once(None).chain(created.iter().map(|created| Some(begins(created))));
        let keys = created.iter().zip(successors).enumerate();
        keys.map(|(place, (created, successor))| match place.cmp(&signing) {
            Ordering::Less => Self::Next(begins(created)),
            Ordering::Equal => Self::Signs,
            Ordering::Greater => {
                let ended = successor.map(|successor| successor + lifetime + GRACE);
                ended.filter(|ended| now < *ended).map_or(Self::Expired, Self::Accepted)
            }
        })
        .collect()
    }
}

impl SigningKeys {
    /// Loads the platform's keys. If there is none yet, it creates the first one; processes that start
    /// together agree on it. `lifetime` is that of access tokens.
    ///
    /// # Errors
    /// The store is unavailable, or a key that is used cannot be opened.
    pub async fn load(
        store: &dyn SigningKeyStore,
        sealer: &Sealer,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, SigningKeyError> {
        let mut stored = store.signing_keys().await?;
        if stored.is_empty() {
            let first = SigningKey::generate()?.seal(sealer, now)?;
            store.add_first_signing_key(&first).await?;
            stored = store.signing_keys().await?;
        }
        Self::at(&stored, sealer, lifetime, now)
    }

    /// Opens the stored keys, newest first, that are used at `now`.
    ///
    /// # Errors
    /// There is none, or one cannot be opened that signs or has signed. One that has not signed yet is left out
    /// then: the others go on.
    pub fn at(
        stored: &[StoredSigningKey],
        sealer: &Sealer,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, SigningKeyError> {
        let created: Vec<_> = stored.iter().map(|key| key.created_at).collect();
        let mut signing = None;
        let mut accepted = Vec::new();
        for (stored, used) in stored.iter().zip(SigningKeyUse::of(&created, lifetime, now)) {
            if used == SigningKeyUse::Expired {
                continue;
            }
            let key = match SigningKey::open(stored, sealer) {
                Ok(key) => key,
                Err(_) if matches!(used, SigningKeyUse::Next(_)) => continue,
                Err(error) => return Err(error),
            };
            if used == SigningKeyUse::Signs {
                signing = Some(key.clone());
            }
            accepted.push(key);
        }
        Ok(Self { signing: signing.ok_or(SigningKeyError::Missing)?, accepted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: TimeDelta = TimeDelta::minutes(15);

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(SigningKeyUse::of(&[at(0)], LIFETIME, at(0)), [SigningKeyUse::Signs]);
        assert!(SigningKeyUse::of(&[], LIFETIME, at(0)).is_empty());
    }

    #[test]
    fn a_new_key_is_published_then_signs_and_the_former_one_is_accepted_until_its_tokens_expire() {
        use SigningKeyUse::{Accepted, Expired, Next, Signs};
        let created = [at(1_000), at(0)];
        for (now, new, old) in [
            (1_000, Next(at(1_010)), Signs),
            (1_009, Next(at(1_010)), Signs),
            (1_010, Signs, Accepted(at(1_027))),
            (1_026, Signs, Accepted(at(1_027))),
            (1_027, Signs, Expired),
        ] {
            assert_eq!(SigningKeyUse::of(&created, LIFETIME, at(now)), [new, old], "{now}");
        }
    }

    #[test]
    fn of_two_keys_that_are_added_at_once_the_newest_signs_and_all_are_accepted_meanwhile() {
        use SigningKeyUse::{Accepted, Expired, Next, Signs};
        let created = [at(1_005), at(1_000), at(0)];
        let uses = |now| SigningKeyUse::of(&created, LIFETIME, at(now));
        assert_eq!(uses(1_006), [Next(at(1_015)), Next(at(1_010)), Signs]);
        assert_eq!(uses(1_012), [Next(at(1_015)), Signs, Accepted(at(1_027))]);
        assert_eq!(uses(1_016), [Signs, Accepted(at(1_032)), Accepted(at(1_027))]);
        assert_eq!(uses(1_030), [Signs, Accepted(at(1_032)), Expired]);
    }

    #[test]
    fn an_expired_key_is_not_opened() {
        let sealer = Sealer::new([3; 32]);
        let [new, old] = [(); 2].map(|()| SigningKey::generate().unwrap());
        let lost = Sealer::new([4; 32]);
        let stored = [new.seal(&sealer, at(1_000)).unwrap(), old.seal(&lost, at(0)).unwrap()];
        let keys = SigningKeys::at(&stored, &sealer, LIFETIME, at(1_100)).unwrap();
        assert_eq!(keys.signing.id(), new.id());
        assert_eq!(keys.accepted.len(), 1);
        assert!(SigningKeys::at(&stored, &sealer, LIFETIME, at(1_011)).is_err(), "it is needed");
        let next = SigningKeys::at(&stored, &lost, LIFETIME, at(1_001)).unwrap();
        assert_eq!(next.signing.id(), old.id(), "the new one does not sign yet");
        assert!(SigningKeys::at(&[], &sealer, LIFETIME, at(0)).is_err());
    }
}
