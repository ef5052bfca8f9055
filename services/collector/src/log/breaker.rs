use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use stream::Producer;

/// How long Kafka counts as unavailable after it did not accept records: long enough for the next
/// attempt of the drain, which always retries.
const OPEN: Duration = Producer::DELIVERY_TIMEOUT.saturating_add(Duration::from_secs(5));

/// A circuit breaker: while it is open, Kafka is known to be unavailable and requests do not wait
/// for it. It closes by itself, so that Kafka is tried again even if there is nothing to drain.
#[derive(Default)]
pub(super) struct Breaker {
    until: Mutex<Option<Instant>>,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    /// Opens it, after Kafka did not accept records.
    pub(super) fn open(&self) {
        if self.until().replace(Instant::now() + OPEN).is_none() {
            tracing::warn!("kafka does not accept events in time, they go to the spool");
        }
    }

    /// Closes it, after Kafka accepted records.
    pub(super) fn close(&self) {
        if self.until().take().is_some() {
            tracing::info!("kafka accepts events again");
        }
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
