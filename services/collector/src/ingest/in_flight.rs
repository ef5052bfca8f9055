use std::sync::Arc;

use telemetry::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits the memory of all requests in flight together.
pub(super) struct InFlight {
    free: Arc<Semaphore>,
}

/// The bytes that one request has reserved, until dropped.
#[derive(Debug)]
pub(super) struct Reservation(OwnedSemaphorePermit);

impl InFlight {
    pub(super) fn new(bytes: usize) -> Self {
        let permits = bytes.min(Semaphore::MAX_PERMITS);
        Gauge::InFlightLimit.set(&[], permits.try_into().unwrap_or(i64::MAX));
        Self { free: Arc::new(Semaphore::new(permits)) }
    }

    /// Reserves `bytes`, if so many are free.
    pub(super) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let permits = bytes.try_into().ok()?;
        let permit = Arc::clone(&self.free).try_acquire_many_owned(permits).ok()?;
        Gauge::InFlightBytes.add(&[], i64::from(permits));
        Some(Reservation(permit))
    }
}

impl Reservation {
    /// Releases all but `bytes`.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let surplus = self.0.num_permits().saturating_sub(bytes);
        if surplus > 0 {
            drop(self.0.split(surplus).map(Self));
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let bytes = i64::try_from(self.0.num_permits()).unwrap_or(i64::MAX);
        Gauge::InFlightBytes.add(&[], -bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_bytes_can_be_reserved_again() {
        let in_flight = InFlight::new(100);
        let mut first = in_flight.reserve(80).unwrap();
        assert!(in_flight.reserve(21).is_none());
        first.shrink(30);
        let second = in_flight.reserve(70).unwrap();
        assert!(in_flight.reserve(1).is_none());
        drop((first, second));
        assert!(in_flight.reserve(100).is_some());
    }
}
