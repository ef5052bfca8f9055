use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use control_plane::ControlPlaneError;
use moka::future::Cache;

use crate::failure::Failure;

/// How long to wait for PostgreSQL if there is an older answer.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long older answers are used without a query after PostgreSQL did not answer.
const UNAVAILABLE_FOR: Duration = Duration::from_secs(5);

/// Answers of PostgreSQL that reports need. Concurrent requests share one query. While PostgreSQL is
/// unavailable, its last answer is used.
#[derive(Clone)]
pub(crate) struct LastKnown<K, V> {
    fresh: Cache<K, V>,
    last: Cache<K, V>,
    /// Set while PostgreSQL is unavailable: when to query again if there is an older answer.
    retry_at: Arc<Mutex<Option<Instant>>>,
}

impl<K, V> LastKnown<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Caches at most `capacity` answers: for `fresh`, and for `retention` while PostgreSQL is
    /// unavailable.
    pub(crate) fn new(capacity: u64, fresh: Duration, retention: Duration) -> Self {
        let cache = |lifetime| Cache::builder().max_capacity(capacity).time_to_live(lifetime);
        Self {
            fresh: cache(fresh).build(),
            last: cache(retention).build(),
            retry_at: Arc::default(),
        }
    }

    /// Returns the answer of `query`, or an earlier one.
    pub(crate) async fn get(
        &self,
        key: K,
        query: impl AsyncFnOnce() -> Result<V, Failure>,
    ) -> Result<V, Arc<Failure>> {
        if let Some(fresh) = self.fresh.get(&key).await {
            return Ok(fresh);
        }
        // Boxed, so that the future of a hit, which actix copies, is small.
        Box::pin(self.fresh.try_get_with(key.clone(), self.query(key, query()))).await
    }

    async fn query(
        &self,
        key: K,
        query: impl Future<Output = Result<V, Failure>>,
    ) -> Result<V, Failure> {
        let Some(older) = self.last.get(&key).await else {
            let answer = query.await?;
            self.last.insert(key, answer.clone()).await;
            return Ok(answer);
        };
        if self.is_unavailable() {
            return Ok(older);
        }
        match tokio::time::timeout(TIMEOUT, query).await {
            Ok(Ok(answer)) => {
                self.set_retry_at(None);
                self.last.insert(key, answer.clone()).await;
                Ok(answer)
            }
            Ok(Err(failure)) if !means_unavailable(&failure) => {
                self.last.invalidate(&key).await;
                Err(failure)
            }
            Ok(Err(failure)) => {
                tracing::warn!(error = %failure, "postgresql is unavailable, using its last answer");
                self.set_retry_at(Some(Instant::now() + UNAVAILABLE_FOR));
                Ok(older)
            }
            Err(_) => {
                tracing::warn!("postgresql timed out, using its last answer");
                self.set_retry_at(Some(Instant::now() + UNAVAILABLE_FOR));
                Ok(older)
            }
        }
    }

    /// Removes an answer that was just changed.
    pub(crate) async fn forget(&self, key: &K) {
        self.last.invalidate(key).await;
        self.fresh.invalidate(key).await;
    }

    /// Returns whether to use an older answer without a query. After the waiting time, the first
    /// caller queries.
    fn is_unavailable(&self) -> bool {
        let mut retry_at = self.retry_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_waiting = retry_at.is_some_and(|later| now < later);
        if retry_at.is_some() && !is_waiting {
            *retry_at = Some(now + UNAVAILABLE_FOR);
        }
        is_waiting
    }

    fn set_retry_at(&self, until: Option<Instant>) {
        *self.retry_at.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

fn means_unavailable(failure: &Failure) -> bool {
    matches!(failure, Failure::ControlPlane(ControlPlaneError::Unavailable(_)))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use problem::{Code, Problem};

    use super::*;

    const SHORT: Duration = Duration::from_millis(10);

    async fn stale(retention: Duration) -> LastKnown<&'static str, u8> {
        let answers = LastKnown::new(10, SHORT, retention);
        assert_eq!(answers.get("a", async || Ok(1)).await.unwrap(), 1);
        tokio::time::sleep(2 * SHORT).await;
        answers
    }

    #[tokio::test]
    async fn while_postgresql_hangs_the_last_answer_is_used_and_only_one_request_waits() {
        let answers = stale(Duration::from_mins(1)).await;
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(answers.get("a", pending).await.unwrap(), 1);
            tokio::time::sleep(2 * SHORT).await;
        }
        // If each waited, they would take five times as long as one waits.
        assert!(start.elapsed() < 3 * TIMEOUT, "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn a_deleted_row_is_not_answered_from_memory() {
        let answers = stale(Duration::from_mins(1)).await;
        let gone = answers.get("a", async || Err(Problem::not_found().into())).await;
        assert!(matches!(&*gone.unwrap_err(), Failure::Problem(p) if p.code() == Code::NotFound));
        assert_eq!(answers.get("a", async || Ok(2)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_answer_is_not_used_after_its_retention() {
        let answers = stale(SHORT).await;
        let waiting = answers.get("a", pending);
        assert!(
            tokio::time::timeout(2 * TIMEOUT, waiting).await.is_err(),
            "postgresql must be queried"
        );
    }
}
