use std::{
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};
use telemetry::CacheSeries;

use crate::ControlPlaneError;

/// How long an answer is used without a notification.
const LIFETIME: Duration = Duration::from_secs(60);

/// How long a missing answer, or an answer that may be out of date, is used.
const SHORT_LIFETIME: Duration = Duration::from_secs(1);

/// How long the last answer is used while PostgreSQL is unavailable: as long as an access token is valid.
/// Without an end, a key that was revoked meanwhile would be valid for as long as the outage lasts.
const OLDEST: Duration = Duration::from_secs(15 * 60);

/// How long to wait for PostgreSQL before using an older answer.
const QUERY_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for PostgreSQL if there is no older answer, so that the request would be refused.
const FIRST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long older answers are used at once after PostgreSQL failed to answer: one request per
/// period waits for it, not all of them.
const RETRY_PERIOD: Duration = Duration::from_secs(5);

/// Cached answers of PostgreSQL that every request needs. At most one query per key runs at a time.
///
/// While PostgreSQL is unavailable, its last answer is used for [`OLDEST`], unless a notification of a
/// change has arrived since. While notifications may be missed, each answer is used for a second.
pub(crate) struct AnswerCache<K, V> {
    fresh: Cache<K, Answer<V>>,
    last_known: Cache<K, V>,
    /// Raised before and after each invalidation: an answer may be out of date if it was read before
    /// the second.
    changes: AtomicU64,
    /// When to query again a key with an older answer, after PostgreSQL failed to answer.
    retry_at: Mutex<Option<Instant>>,
    /// Whether the connection that receives notifications is lost.
    notifications_lost: AtomicBool,
    lookups: CacheSeries,
}

#[derive(Clone)]
struct Answer<V> {
    value: Option<V>,
    lifetime: Duration,
}

struct ByLifetime;

impl<K, V> Expiry<K, Answer<V>> for ByLifetime {
    fn expire_after_create(&self, _: &K, answer: &Answer<V>, _: Instant) -> Option<Duration> {
        Some(answer.lifetime)
    }

    fn expire_after_update(
        &self,
        _: &K,
        answer: &Answer<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(answer.lifetime)
    }
}

impl<K, V> AnswerCache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Creates a cache of at most `capacity` answers, with its name in the metrics.
    pub(crate) fn new(name: &'static str, capacity: u64) -> Self {
        Self::with_oldest(name, capacity, OLDEST)
    }

    fn with_oldest(name: &'static str, capacity: u64, oldest: Duration) -> Self {
        Self {
            fresh: Cache::builder().max_capacity(capacity).expire_after(ByLifetime).build(),
            last_known: Cache::builder().max_capacity(capacity).time_to_live(oldest).build(),
            changes: AtomicU64::new(0),
            retry_at: Mutex::new(None),
            notifications_lost: AtomicBool::new(false),
            lookups: CacheSeries::of(name),
        }
    }

    /// Returns the cached answer, or that of `query`, which runs once for all concurrent callers.
    pub(crate) async fn get(
        &self,
        key: &K,
        query: impl Future<Output = Result<Option<V>, ControlPlaneError>>,
    ) -> Result<Option<V>, Arc<ControlPlaneError>> {
        self.lookups.looked_up();
        let answer = self.fresh.try_get_with(key.clone(), self.load(key, query)).await?;
        Ok(answer.value)
    }

    async fn load(
        &self,
        key: &K,
        query: impl Future<Output = Result<Option<V>, ControlPlaneError>>,
    ) -> Result<Answer<V>, ControlPlaneError> {
        self.lookups.missed();
        let older = self.last_known.get(key).await;
        if older.is_some() && self.is_unavailable() {
            return Ok(Answer { value: older, lifetime: SHORT_LIFETIME });
        }
        let changes = self.changes.load(Ordering::Acquire);
        let timeout = || ControlPlaneError::Unavailable(sqlx::Error::PoolTimedOut);
        let longest = if older.is_some() { QUERY_TIMEOUT } else { FIRST_TIMEOUT };
        let result = tokio::time::timeout(longest, query).await;
        match result.unwrap_or_else(|_| Err(timeout())) {
            Ok(value) => {
                self.set_retry_at(None);
                match &value {
                    Some(known) => self.last_known.insert(key.clone(), known.clone()).await,
                    None => self.last_known.invalidate(key).await,
                }
                let may_be_outdated = self.changes.load(Ordering::Acquire) != changes;
                let notifications_lost = self.notifications_lost.load(Ordering::Acquire);
                let short = value.is_none() || may_be_outdated || notifications_lost;
                let lifetime = if short { SHORT_LIFETIME } else { LIFETIME };
                Ok(Answer { value, lifetime })
            }
            Err(error) => {
                self.set_retry_at(Some(Instant::now() + RETRY_PERIOD));
                // Read again: a notification may have invalidated it meanwhile.
                let value = self.last_known.get(key).await.ok_or(error)?;
                Ok(Answer { value: Some(value), lifetime: SHORT_LIFETIME })
            }
        }
    }

    /// Whether to use an older answer at once. One caller per period receives `false` and queries.
    fn is_unavailable(&self) -> bool {
        let mut retry_at = self.retry_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *retry_at {
            Some(later) if now < later => true,
            Some(_) => {
                *retry_at = Some(now + RETRY_PERIOD);
                false
            }
            None => false,
        }
    }

    fn set_retry_at(&self, time: Option<Instant>) {
        *self.retry_at.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Invalidates an answer that PostgreSQL reported as changed.
    pub(crate) async fn invalidate(&self, key: &K) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.last_known.invalidate(key).await;
        self.fresh.invalidate(key).await;
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that notifications are received again. Those before were missed.
    pub(crate) fn note_notifications_restored(&self) {
        self.notifications_lost.store(false, Ordering::Release);
        self.expire_all();
    }

    /// Notes that no notifications are received any more.
    pub(crate) fn note_notifications_lost(&self) {
        if !self.notifications_lost.swap(true, Ordering::AcqRel) {
            self.expire_all();
        }
    }

    /// Makes every key query again, because notifications may have been missed. The last answers
    /// remain in case PostgreSQL is unavailable.
    pub(crate) fn expire_all(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.set_retry_at(None);
        self.fresh.invalidate_all();
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns a number that is another one after an invalidation: answers read before it may be out
    /// of date.
    pub(crate) fn revision(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use telemetry::Counter;

    use super::*;

    fn unavailable() -> Result<Option<u8>, ControlPlaneError> {
        Err(ControlPlaneError::Unavailable(sqlx::Error::PoolClosed))
    }

    #[tokio::test]
    async fn while_postgresql_is_unavailable_the_last_answer_counts() {
        let cache = AnswerCache::new("tenants", 10);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        cache.expire_all();
        assert_eq!(cache.get(&"a", async { unavailable() }).await.unwrap(), Some(1));
        assert!(cache.get(&"b", async { unavailable() }).await.is_err());
    }

    #[tokio::test]
    async fn the_last_answer_counts_for_a_limited_time() {
        let cache = AnswerCache::with_oldest("test", 10, Duration::from_secs(5));
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        cache.expire_all();
        assert_eq!(cache.get(&"a", async { unavailable() }).await.unwrap(), Some(1));
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        cache.expire_all();
        assert!(cache.get(&"a", async { unavailable() }).await.is_err(), "it is too old");
    }

    #[tokio::test]
    async fn while_notifications_may_be_missed_an_answer_is_used_for_a_second() {
        let cache = AnswerCache::new("tenants", 10);
        cache.note_notifications_lost();
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        assert_eq!(cache.get(&"a", async { Ok(Some(2)) }).await.unwrap(), Some(1), "cached");
        tokio::time::sleep(SHORT_LIFETIME + Duration::from_millis(100)).await;
        assert_eq!(cache.get(&"a", async { Ok(Some(2)) }).await.unwrap(), Some(2));
        cache.note_notifications_restored();
        assert_eq!(cache.get(&"a", async { Ok(Some(3)) }).await.unwrap(), Some(3));
        tokio::time::sleep(SHORT_LIFETIME + Duration::from_millis(100)).await;
        assert_eq!(cache.get(&"a", async { Ok(Some(4)) }).await.unwrap(), Some(3), "cached");
    }

    #[tokio::test]
    async fn while_postgresql_hangs_one_request_waits_and_the_others_do_not() {
        let cache = AnswerCache::new("tenants", 10);
        let keys = ["a", "b", "c", "d"];
        for key in keys {
            assert_eq!(cache.get(&key, async { Ok(Some(1)) }).await.unwrap(), Some(1));
        }
        cache.expire_all();
        let start = Instant::now();
        for key in keys {
            assert_eq!(cache.get(&key, std::future::pending()).await.unwrap(), Some(1));
        }
        // If each waited, they would take four times as long as one waits.
        assert!((QUERY_TIMEOUT..3 * QUERY_TIMEOUT).contains(&start.elapsed()));
        cache.expire_all();
        assert_eq!(
            cache.get(&"b", async { Ok(Some(2)) }).await.unwrap(),
            Some(2),
            "it is available again"
        );
    }

    #[tokio::test]
    async fn without_an_older_answer_a_slow_postgresql_is_waited_for() {
        let cache = AnswerCache::new("tenants", 10);
        let slow = async {
            tokio::time::sleep(2 * QUERY_TIMEOUT).await;
            Ok(Some(1))
        };
        assert_eq!(cache.get(&"a", slow).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn an_answer_reported_as_changed_is_not_used_again() {
        let cache = AnswerCache::new("tenants", 10);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        cache.invalidate(&"a").await;
        assert!(cache.get(&"a", async { unavailable() }).await.is_err());
        assert_eq!(cache.get(&"a", async { Ok(Some(2)) }).await.unwrap(), Some(2));
        assert_eq!(cache.get(&"a", async { unavailable() }).await.unwrap(), Some(2), "cached");
    }

    #[tokio::test]
    async fn an_invalidation_changes_the_revision_and_an_answer_does_not() {
        let cache = AnswerCache::new("tenants", 10);
        let first = cache.revision();
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        assert_eq!(cache.revision(), first);
        cache.invalidate(&"b").await;
        let second = cache.revision();
        assert_ne!(second, first);
        cache.expire_all();
        assert_ne!(cache.revision(), second);
    }

    #[tokio::test]
    async fn a_missing_answer_is_queried_again_after_a_second() {
        let cache = AnswerCache::new("tenants", 10);
        assert_eq!(cache.get(&"a", async { Ok(None) }).await.unwrap(), None);
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), None, "cached");
        tokio::time::sleep(SHORT_LIFETIME + Duration::from_millis(100)).await;
        assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn a_look_up_that_asks_postgresql_is_a_miss() {
        // No other test has its name: the process counts the look-ups of each name together.
        let cache = AnswerCache::new("look-ups", 10);
        for _ in 0..3 {
            assert_eq!(cache.get(&"a", async { Ok(Some(1)) }).await.unwrap(), Some(1));
        }
        let count = |counter: Counter| counter.value(&["look-ups"]);
        assert_eq!((count(Counter::CacheLookups), count(Counter::CacheMisses)), (3, 1));
    }
}
