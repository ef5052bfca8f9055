use std::sync::Arc;

use telemetry::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds the bytes that all requests at hand hold together.
pub(super) struct InFlight {
    room: Arc<Semaphore>,
}

/// Room that one request was given, until dropped.
#[derive(Debug)]
pub(super) struct Room(OwnedSemaphorePermit);

impl InFlight {
    pub(super) fn new(bytes: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))) }
    }

    /// Room for `bytes`, if there is any left.
    pub(super) fn take(&self, bytes: usize) -> Option<Room> {
        let permits = bytes.try_into().ok()?;
        let permit = Arc::clone(&self.room).try_acquire_many_owned(permits).ok()?;
        Gauge::InFlightBytes.add(&[], i64::from(permits));
        Some(Room(permit))
    }
}

impl Room {
    /// Gives back all but `bytes`.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let surplus = self.0.num_permits().saturating_sub(bytes);
        drop(self.0.split(surplus).map(Self));
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let bytes = i64::try_from(self.0.num_permits()).unwrap_or(i64::MAX);
        Gauge::InFlightBytes.add(&[], -bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let in_flight = InFlight::new(100);
        let mut first = in_flight.take(80).unwrap();
        assert!(in_flight.take(21).is_none());
        first.shrink(30);
        let second = in_flight.take(70).unwrap();
        assert!(in_flight.take(1).is_none());
        drop((first, second));
        assert!(in_flight.take(100).is_some());
    }
}
