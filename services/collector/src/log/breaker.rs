use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use stream::Producer;

/// How long Kafka counts as away after it did not take something: until the drain, which tries all
/// the time, has the answer to its next try.
const OPEN: Duration = Producer::DELIVERY_TIMEOUT.saturating_add(Duration::from_secs(5));

/// Whether Kafka is known to be away, so that no request waits for it in vain. It closes by itself:
/// that nothing is left to drain must never mean that Kafka is not tried any more.
#[derive(Default)]
pub(super) struct Breaker {
    until: Mutex<Option<Instant>>,
}

impl Breaker {
    pub(super) fn is_open(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    /// Kafka did not take something.
    pub(super) fn open(&self) {
        if self.until().replace(Instant::now() + OPEN).is_none() {
            tracing::warn!("kafka does not take events in time, they go to the spool");
        }
    }

    /// Kafka took something.
    pub(super) fn close(&self) {
        if self.until().take().is_some() {
            tracing::info!("kafka takes events again");
        }
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
