use std::time::Duration;

use crate::member::Gather;

/// Batches in memory for each partition: two under way, and one that is being gathered.
const HELD: usize = 3;

/// How large batches are: as large as what waits.
///
/// Small ones soon while the sink keeps up; large ones when it is behind, as a row costs less in
/// them.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Records of a batch of the usual size. A tenth of it is enough while nothing waits; five times
    /// as many are the most, to catch up.
    pub(super) records: usize,
    /// How long the first record waits for others while nothing else does; five times as long for
    /// what is known to be there.
    pub(super) wait: Duration,
    /// What the records of all batches of all partitions may weigh, in bytes of the log.
    pub(super) memory: usize,
}

impl Sizes {
    /// How to cut the next batch of one of `owned` partitions, where `waiting` records are known to
    /// be in the log.
    pub(super) fn gather(&self, waiting: Option<u64>, owned: usize) -> Gather {
        let weight = self.memory / (HELD * owned.max(1));
        let few = (self.records / 10).max(1);
        let Some(waiting) = waiting.map(|records| usize::try_from(records).unwrap_or(usize::MAX))
        else {
            return Gather { limit: self.records, weight, wait: self.wait };
        };
        let wait = if waiting > few { self.wait * 5 } else { self.wait };
        Gather { limit: waiting.clamp(few, self.records * 5), weight, wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes =
        Sizes { records: 100_000, wait: Duration::from_millis(200), memory: 360 << 20 };

    #[test]
    fn a_batch_is_as_large_as_what_waits() {
        let limit = |waiting| SIZES.gather(Some(waiting), 1).limit;
        let limits = [0, 10_000, 10_001, 100_000, 400_000, u64::MAX].map(limit);
        assert_eq!(limits, [10_000, 10_000, 10_001, 100_000, 400_000, 500_000]);
        assert_eq!(SIZES.gather(None, 1).limit, 100_000, "not looked at yet");
    }

    #[test]
    fn what_all_partitions_hold_is_bounded() {
        assert_eq!(SIZES.gather(Some(u64::MAX), 12).weight, 10 << 20);
        assert_eq!(SIZES.gather(None, 0).weight, 120 << 20);
    }
}
