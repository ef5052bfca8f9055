use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use control_plane::ControlPlaneError;
use moka::future::Cache;

use crate::failure::Failure;

/// How long to wait for PostgreSQL where an older answer is at hand.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long older answers are used at once after PostgreSQL gave none.
const AWAY: Duration = Duration::from_secs(5);

/// Answers of PostgreSQL that reports need, asked once however many wait for one. When PostgreSQL is
/// away, the last answer it gave counts.
#[derive(Clone)]
pub(crate) struct LastKnown<K, V> {
    fresh: Cache<K, V>,
    last: Cache<K, V>,
    /// PostgreSQL gave no answer: when to ask again where an older one is at hand.
    ask_again: Arc<Mutex<Option<Instant>>>,
}

impl<K, V> LastKnown<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Takes an answer for granted for as long as `fresh`, and uses it without PostgreSQL for as
    /// long as `kept`. Holds at most `capacity`.
    pub(crate) fn new(capacity: u64, fresh: Duration, kept: Duration) -> Self {
        let cache = |lifetime| Cache::builder().max_capacity(capacity).time_to_live(lifetime);
        Self { fresh: cache(fresh).build(), last: cache(kept).build(), ask_again: Arc::default() }
    }

    /// The answer to `question`, or an earlier one.
    pub(crate) async fn get(
        &self,
        key: K,
        question: impl Future<Output = Result<V, Failure>>,
    ) -> Result<V, Arc<Failure>> {
        self.fresh.try_get_with(key.clone(), self.ask(key, question)).await
    }

    async fn ask(
        &self,
        key: K,
        question: impl Future<Output = Result<V, Failure>>,
    ) -> Result<V, Failure> {
        let Some(older) = self.last.get(&key).await else {
            let answer = question.await?;
            self.last.insert(key, answer.clone()).await;
            return Ok(answer);
        };
        if self.is_away() {
            return Ok(older);
        }
        match tokio::time::timeout(PATIENCE, question).await {
            Ok(Ok(answer)) => {
                self.set_away(None);
                self.last.insert(key, answer.clone()).await;
                Ok(answer)
            }
            Ok(Err(failure)) if !is_unavailable(&failure) => {
                self.last.invalidate(&key).await;
                Err(failure)
            }
            Ok(Err(failure)) => {
                tracing::warn!(error = %failure, "postgresql did not answer, using what it said last");
                self.set_away(Some(Instant::now() + AWAY));
                Ok(older)
            }
            Err(_) => {
                tracing::warn!("postgresql did not answer in time, using what it said last");
                self.set_away(Some(Instant::now() + AWAY));
                Ok(older)
            }
        }
    }

    /// Forgets an answer that was just changed.
    pub(crate) async fn forget(&self, key: &K) {
        self.last.invalidate(key).await;
        self.fresh.invalidate(key).await;
    }

    /// Whether to use an older answer at once. The first to find the time over asks.
    fn is_away(&self) -> bool {
        let mut ask_again = self.ask_again.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_away = ask_again.is_some_and(|later| now < later);
        if ask_again.is_some() && !is_away {
            *ask_again = Some(now + AWAY);
        }
        is_away
    }

    fn set_away(&self, until: Option<Instant>) {
        *self.ask_again.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

fn is_unavailable(failure: &Failure) -> bool {
    matches!(failure, Failure::ControlPlane(ControlPlaneError::Unavailable(_)))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use problem::{Code, Problem};

    use super::*;

    const SHORT: Duration = Duration::from_millis(10);

    async fn stale(kept: Duration) -> LastKnown<&'static str, u8> {
        let answers = LastKnown::new(10, SHORT, kept);
        assert_eq!(answers.get("a", async { Ok(1) }).await.unwrap(), 1);
        tokio::time::sleep(2 * SHORT).await;
        answers
    }

    #[tokio::test]
    async fn while_postgresql_hangs_the_last_answer_counts_and_only_one_request_waits() {
        let answers = stale(Duration::from_mins(1)).await;
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(answers.get("a", pending()).await.unwrap(), 1);
            tokio::time::sleep(2 * SHORT).await;
        }
        assert!(start.elapsed() < 2 * PATIENCE, "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn what_postgresql_says_is_gone_is_not_answered_from_memory() {
        let answers = stale(Duration::from_mins(1)).await;
        let gone = answers.get("a", async { Err(Problem::not_found().into()) }).await;
        assert!(matches!(&*gone.unwrap_err(), Failure::Problem(p) if p.code() == Code::NotFound));
        assert_eq!(answers.get("a", async { Ok(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_answer_is_not_used_for_longer_than_it_is_kept() {
        let answers = stale(SHORT).await;
        let asked = answers.get("a", pending());
        assert!(tokio::time::timeout(2 * PATIENCE, asked).await.is_err(), "it has to be asked");
    }
}
