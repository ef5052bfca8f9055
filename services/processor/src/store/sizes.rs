use std::time::Duration;

use crate::member::Gather;

/// Batches in memory for each partition: two under way, and one that is being gathered.
const HELD: usize = 3;

/// How large batches are: as large as what waits asks for, in three sizes.
///
/// Small ones soon while the sink keeps up, as a table is slow with many inserts only; large ones
/// when it is behind, as a row costs less in them.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Records of a batch of the middle size. A tenth of it while little waits; five times as many,
    /// to catch up.
    pub(super) records: usize,
    /// How long the first record of a small batch waits for others; five times as long in others.
    pub(super) wait: Duration,
    /// What the records of all batches of all partitions may weigh, in bytes of the log.
    pub(super) memory: usize,
}

impl Sizes {
    /// How to cut the next batch of one of `owned` partitions, of which `behind` records wait.
    pub(super) fn gather(&self, behind: u64, owned: usize) -> Gather {
        let few = (self.records / 10).max(1);
        let waits = |records: usize| behind > records as u64;
        let (limit, wait) = match () {
            () if waits(self.records) => (self.records * 5, self.wait * 5),
            () if waits(few) => (self.records, self.wait * 5),
            () => (few, self.wait),
        };
        Gather { limit, weight: self.memory / (HELD * owned.max(1)), wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes =
        Sizes { records: 100_000, wait: Duration::from_millis(200), memory: 360 << 20 };

    #[test]
    fn the_more_waits_the_larger_a_batch_is() {
        let limit = |behind| SIZES.gather(behind, 1).limit;
        let limits = [0, 10_000, 10_001, 100_000, 100_001, u64::MAX].map(limit);
        assert_eq!(limits, [10_000, 10_000, 100_000, 100_000, 500_000, 500_000]);
    }

    #[test]
    fn what_all_partitions_hold_is_bounded() {
        assert_eq!(SIZES.gather(u64::MAX, 12).weight, 10 << 20);
        assert_eq!(SIZES.gather(u64::MAX, 0).weight, 120 << 20);
    }
}
