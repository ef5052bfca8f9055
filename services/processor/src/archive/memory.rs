use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes to a permit.
const UNIT: usize = 1 << 10;

/// What the objects in the making may hold, over all partitions.
#[derive(Clone)]
pub(super) struct Memory {
    free: Arc<Semaphore>,
    most: usize,
}

/// A part of it, given back when dropped.
#[derive(Default)]
pub(super) struct Room(Option<OwnedSemaphorePermit>);

impl Memory {
    pub(super) fn new(mib: usize) -> Self {
        let most = mib.saturating_mul((1 << 20) / UNIT).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), most }
    }

    /// Room for this many bytes, if there is any now.
    pub(super) fn try_take(&self, bytes: usize) -> Option<Room> {
        let taken = Arc::clone(&self.free).try_acquire_many_owned(self.permits(bytes));
        taken.ok().map(|permit| Room(Some(permit)))
    }

    /// Room for this many bytes, as soon as others have returned enough. A caller that holds some
    /// already must not wait for more.
    pub(super) async fn take(&self, bytes: usize) -> Room {
        Room(Arc::clone(&self.free).acquire_many_owned(self.permits(bytes)).await.ok())
    }

    /// More than there is would be waited for in vain.
    fn permits(&self, bytes: usize) -> u32 {
        bytes.div_ceil(UNIT).min(self.most).try_into().unwrap_or(u32::MAX)
    }
}

impl Room {
    pub(super) fn add(&mut self, more: Self) {
        match (&mut self.0, more.0) {
            (Some(room), Some(more)) => room.merge(more),
            (room @ None, more) => *room = more,
            (Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_more_than_there_is_and_what_is_dropped_is_free_again() {
        let memory = Memory::new(1);
        let mut held = memory.try_take(400 << 10).unwrap();
        held.add(memory.try_take(400 << 10).unwrap());
        assert!(memory.try_take(400 << 10).is_none());
        drop(held);
        assert!(memory.try_take(5 << 20).is_some(), "all there is, for what is larger than that");
    }
}
