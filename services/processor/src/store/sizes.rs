use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::member::Gather;

/// Batches in memory for each partition: two under way, and one that is being gathered.
const HELD: usize = 3;

/// How many large batches there may be at a time, over all partitions: one is gathered and encoded
/// while others are inserted.
const LARGE: usize = 3;

/// How long a partition that is behind waits for its turn with a large batch. Then it goes on with a
/// small one, so that batches that cannot be inserted delay no other partition for long.
const TURN: Duration = Duration::from_secs(1);

/// How large batches are: as large as what waits.
///
/// Small ones soon while the sink keeps up; large ones when it is behind, as a row costs less in
/// them. Three quarters of the memory are for large batches.
pub(super) struct Sizes {
    /// Records of a batch of the usual size. A tenth of it is enough while nothing waits; five times
    /// as many are the most, to catch up.
    records: usize,
    /// How long the first record waits for others while nothing else does; five times as long for
    /// what is known to be there.
    wait: Duration,
    /// What the records of all batches of all partitions may weigh, in bytes of the log.
    memory: usize,
    large: Arc<Semaphore>,
}

/// The right to a large batch, until dropped.
pub(super) type Large = OwnedSemaphorePermit;

impl Sizes {
    pub(super) fn new(records: usize, wait: Duration, memory: usize) -> Self {
        Self { records, wait, memory, large: Arc::new(Semaphore::new(LARGE)) }
    }

    /// Waits for the right to a large batch if `waiting` records, which are known to be in the log,
    /// are enough for one. `None`: the next batch must be a small one.
    pub(super) async fn large(&self, waiting: Option<u64>) -> Option<Large> {
        if waiting.is_none_or(|waiting| waiting <= self.few() as u64) {
            return None;
        }
        timeout(TURN, Arc::clone(&self.large).acquire_owned()).await.ok()?.ok()
    }

    /// How to cut the next batch of one of `owned` partitions, where `waiting` records are known to
    /// be in the log.
    pub(super) fn gather(&self, waiting: Option<u64>, owned: usize, is_large: bool) -> Gather {
        let weight = match is_large {
            true => self.memory / 4 * 3 / LARGE,
            false => self.memory / 4 / (HELD * owned.max(1)),
        };
        let few = self.few();
        let Some(waiting) = waiting.map(|records| usize::try_from(records).unwrap_or(usize::MAX))
        else {
            return Gather { limit: self.records, weight, wait: self.wait };
        };
        let wait = if waiting > few { self.wait * 5 } else { self.wait };
        Gather { limit: waiting.clamp(few, self.records * 5), weight, wait }
    }

    fn few(&self) -> usize {
        (self.records / 10).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Sizes {
        Sizes::new(100_000, Duration::from_millis(200), 480 << 20)
    }

    #[test]
    fn a_batch_is_as_large_as_what_waits() {
        let limit = |waiting| sizes().gather(Some(waiting), 1, true).limit;
        let limits = [0, 10_000, 10_001, 100_000, 400_000, u64::MAX].map(limit);
        assert_eq!(limits, [10_000, 10_000, 10_001, 100_000, 400_000, 500_000]);
        assert_eq!(sizes().gather(None, 1, false).limit, 100_000, "not looked at yet");
    }

    #[test]
    fn what_all_partitions_hold_is_bounded() {
        let sizes = sizes();
        let weight = |owned, is_large| sizes.gather(Some(u64::MAX), owned, is_large).weight >> 20;
        assert_eq!((weight(10, false), weight(0, false), weight(10, true)), (4, 40, 120));
    }

    #[tokio::test]
    async fn a_partition_waits_a_moment_for_its_turn_with_a_large_batch() {
        let sizes = sizes();
        assert!(sizes.large(None).await.is_none());
        assert!(sizes.large(Some(10_000)).await.is_none(), "it keeps up");
        let mut held = Vec::new();
        for _ in 0..LARGE {
            held.extend(sizes.large(Some(10_001)).await);
        }
        assert_eq!(held.len(), LARGE);
        assert!(sizes.large(Some(10_001)).await.is_none(), "others do not end");
        let waits = async { sizes.large(Some(10_001)).await.is_some() };
        let ends = async { drop(held.pop()) };
        assert!(tokio::join!(waits, ends).0);
    }
}
