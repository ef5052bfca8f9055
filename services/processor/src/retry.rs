use std::{
    error::Error,
    time::{Duration, Instant},
};

use control_plane::LedgerError;
use stream::{Entry, PartitionStream, StreamError};

use crate::ProcessorError;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// How often an outage that goes on is logged again.
const LOG_AGAIN: Duration = Duration::from_secs(60);

/// Pauses between attempts at something that must succeed in the end. They double up to five
/// seconds; jitter takes up to half of each, so that processes do not all come back at once.
pub(crate) struct Pauses {
    doing: &'static str,
    next: Duration,
    failures: u64,
    logged_at: Option<Instant>,
}

impl Pauses {
    /// Pauses between attempts at `doing`.
    pub(crate) fn new(doing: &'static str) -> Self {
        Self { doing, next: FIRST, failures: 0, logged_at: None }
    }

    /// Waits before the next attempt. The log gets a line when an outage begins, and one a minute
    /// while it lasts.
    pub(crate) async fn wait(&mut self, error: &(dyn Error + Send + Sync + 'static)) {
        self.failures += 1;
        if self.logged_at.is_none_or(|logged_at| logged_at.elapsed() >= LOG_AGAIN) {
            self.logged_at = Some(Instant::now());
            let error = telemetry::chain(error);
            tracing::warn!(
                doing = self.doing,
                failures = self.failures,
                error,
                "failed, will be retried"
            );
        }
        tokio::time::sleep(self.pause()).await;
    }

    /// The next pause.
    fn pause(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(LONGEST);
        longest.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// Treats the next failure as the first of a new outage.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.doing);
    }
}

/// Repeats `attempt` until it succeeds.
pub(crate) async fn until_ok<T, E, F>(doing: &'static str, mut attempt: impl FnMut() -> F) -> T
where
    E: Error + Send + Sync + 'static,
    F: Future<Output = Result<T, E>>,
{
    let mut pauses = Pauses::new(doing);
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => pauses.wait(&error).await,
        }
    }
}

/// Repeats `attempt` until it succeeds, or fails with an error that `is_final`.
pub(crate) async fn until<T, E, F>(
    doing: &'static str,
    is_final: impl Fn(&E) -> bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Error + Send + Sync + 'static,
    F: Future<Output = Result<T, E>>,
{
    let mut pauses = Pauses::new(doing);
    loop {
        match attempt().await {
            Err(error) if !is_final(&error) => pauses.wait(&error).await,
            ended => return ended,
        }
    }
}

/// Repeats a request to the ledger until it answers.
///
/// A reply that is lost may stand for a write that was made. The repeated request then reports the
/// lease as lost, and the next owner finds what was written.
pub(crate) async fn ledger<T, F>(
    doing: &'static str,
    request: impl FnMut() -> F,
) -> Result<T, ProcessorError>
where
    F: Future<Output = Result<T, LedgerError>>,
{
    let is_final =
        |error: &LedgerError| matches!(error, LedgerError::Fenced | LedgerError::Rerouted);
    Ok(until(doing, is_final, request).await?)
}

/// Reads the next records of the log. While their tenants cannot be resolved, it retries.
pub(crate) async fn read(
    stream: &mut PartitionStream,
    limit: usize,
) -> Result<Option<Vec<Entry>>, StreamError> {
    let mut pauses = Pauses::new("resolve the tenants of records");
    loop {
        match stream.next(limit).await {
            Ok(batch) => return Ok(batch.map(|batch| batch.entries)),
            Err(StreamError::Directory(error)) => pauses.wait(&error).await,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("failure {0}")]
    struct Failure(u32);

    #[tokio::test]
    async fn an_attempt_is_repeated_until_it_succeeds() {
        let attempts = AtomicU32::new(0);
        let value = until_ok("count", || async {
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            if attempt < 2 { Err(Failure(attempt)) } else { Ok(attempt) }
        });
        assert_eq!(value.await, 2);
    }

    #[tokio::test]
    async fn a_final_error_ends_the_attempts() {
        let attempts = AtomicU32::new(0);
        let ended = until(
            "count",
            |error| *error == Failure(1),
            || async { Err::<(), _>(Failure(attempts.fetch_add(1, Ordering::SeqCst))) },
        );
        assert_eq!(ended.await, Err(Failure(1)));
    }

    #[test]
    fn pauses_double_up_to_five_seconds_less_some_jitter() {
        let mut pauses = Pauses::new("wait");
        for longest in [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let longest = Duration::from_millis(longest);
            let pause = pauses.pause();
            assert!((longest / 2..=longest).contains(&pause), "{pause:?} of {longest:?}");
        }
        pauses.reset();
        assert!(pauses.pause() <= FIRST);
    }
}
