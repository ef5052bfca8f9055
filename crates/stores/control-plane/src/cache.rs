use std::{
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};

use crate::ControlPlaneError;

/// How long an answer is taken for granted, should no notification come.
const FRESH: Duration = Duration::from_secs(60);

/// How long "there is none", or an answer that may be out of date, is taken for granted.
const DOUBTFUL: Duration = Duration::from_secs(1);

/// How long to wait for PostgreSQL before an older answer is used.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long older answers are used at once after PostgreSQL gave none: one request in so many
/// seconds waits for it, not every one.
const AWAY: Duration = Duration::from_secs(5);

/// Answers of PostgreSQL that every request needs, one question at a time for each key.
///
/// When PostgreSQL is away, the last answer it gave is used, unless it said since that this has
/// changed.
pub(crate) struct AnswerCache<K, V> {
    fresh: Cache<K, Answer<V>>,
    last_known: Cache<K, V>,
    /// Counts notifications: an answer that one overtook on its way is not taken for granted.
    changes: AtomicU64,
    /// PostgreSQL gave no answer: when to ask again where an older one is at hand.
    ask_again: Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Answer<V> {
    value: Option<V>,
    keep: Duration,
}

struct Keep;

impl<K, V> Expiry<K, Answer<V>> for Keep {
    fn expire_after_create(&self, _: &K, answer: &Answer<V>, _: Instant) -> Option<Duration> {
        Some(answer.keep)
    }

    fn expire_after_update(
        &self,
        _: &K,
        answer: &Answer<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(answer.keep)
    }
}

impl<K, V> AnswerCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Holds at most `capacity` answers.
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            fresh: Cache::builder().max_capacity(capacity).expire_after(Keep).build(),
            last_known: Cache::new(capacity),
            changes: AtomicU64::new(0),
            ask_again: Mutex::new(None),
        }
    }

    /// The cached answer, or that of `question`, which is asked once however many wait for it.
    pub(crate) async fn get(
        &self,
        key: &K,
        question: impl Future<Output = Result<Option<V>, ControlPlaneError>>,
    ) -> Result<Option<V>, Arc<ControlPlaneError>> {
        let answer = self.fresh.try_get_with(key.clone(), self.ask(key, question)).await?;
        Ok(answer.value)
    }

    async fn ask(
        &self,
        key: &K,
        question: impl Future<Output = Result<Option<V>, ControlPlaneError>>,
    ) -> Result<Answer<V>, ControlPlaneError> {
        let older = self.last_known.get(key).await;
        if older.is_some() && self.is_away() {
            return Ok(Answer { value: older, keep: DOUBTFUL });
        }
        let changes = self.changes.load(Ordering::Acquire);
        let timeout = || ControlPlaneError::Unavailable(sqlx::Error::PoolTimedOut);
        let asked = tokio::time::timeout(PATIENCE, question).await;
        match asked.unwrap_or_else(|_| Err(timeout())) {
            Ok(value) => {
                self.set_away(None);
                match &value {
                    Some(known) => self.last_known.insert(key.clone(), known.clone()).await,
                    None => self.last_known.invalidate(key).await,
                }
                let overtaken = self.changes.load(Ordering::Acquire) != changes;
                let keep = if value.is_none() || overtaken { DOUBTFUL } else { FRESH };
                Ok(Answer { value, keep })
            }
            Err(error) => {
                self.set_away(Some(Instant::now() + AWAY));
                // Asked for again: it may have been said to have changed meanwhile.
                let value = self.last_known.get(key).await.ok_or(error)?;
                Ok(Answer { value: Some(value), keep: DOUBTFUL })
            }
        }
    }

    /// Whether to use an older answer at once. The first to find the time over asks.
    fn is_away(&self) -> bool {
        let mut ask_again = self.ask_again.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *ask_again {
            Some(later) if now < later => true,
            Some(_) => {
                *ask_again = Some(now + AWAY);
                false
            }
            None => false,
        }
    }

    fn set_away(&self, until: Option<Instant>) {
        *self.ask_again.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// PostgreSQL said that this has changed.
    pub(crate) async fn changed(&self, key: &K) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.last_known.invalidate(key).await;
        self.fresh.invalidate(key).await;
    }

    /// Notifications may have been missed: ask again.
    pub(crate) fn doubt_all(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.set_away(None);
        self.fresh.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Result<Option<u8>, ControlPlaneError> {
        Err(ControlPlaneError::Unavailable(sqlx::Error::PoolClosed))
    }

    #[tokio::test]
    async fn while_postgresql_is_away_the_last_answer_counts() {
        let cache = AnswerCache::new(10);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        cache.doubt_all();
        assert_eq!(cache.get(&"a", async { away() }).await.unwrap(), Some(1));
        assert!(cache.get(&"b", async { away() }).await.is_err());
    }

    #[tokio::test]
    async fn while_postgresql_hangs_one_request_waits_and_the_others_do_not() {
        let cache = AnswerCache::new(10);
        for key in ["a", "b"] {
            assert_eq!(cache.get(&key, async { Ok(Some(1)) }).await.unwrap(), Some(1));
        }
        cache.doubt_all();
        let start = Instant::now();
        for key in ["a", "b"] {
            assert_eq!(cache.get(&key, std::future::pending()).await.unwrap(), Some(1));
        }
        assert!((PATIENCE..2 * PATIENCE).contains(&start.elapsed()));
        cache.doubt_all();
        assert_eq!(cache.get(&"b", async { Ok(Some(2)) }).await.unwrap(), Some(2), "it is back");
    }

    #[tokio::test]
    async fn what_is_known_to_have_changed_is_not_answered_from_memory() {
        let cache = AnswerCache::new(10);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        cache.changed(&"a").await;
        assert!(cache.get(&"a", async { away() }).await.is_err());
        assert_eq!(cache.get(&"a", async { Ok(Some(2)) }).await.unwrap(), Some(2));
        assert_eq!(cache.get(&"a", async { away() }).await.unwrap(), Some(2), "cached");
    }

    #[tokio::test]
    async fn a_missing_answer_is_asked_for_again_after_a_second() {
        let cache = AnswerCache::new(10);
        assert_eq!(cache.get(&"a", async { Ok(None) }).await.unwrap(), None);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), None, "cached");
        tokio::time::sleep(DOUBTFUL + Duration::from_millis(100)).await;
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
    }
}
