use std::{collections::BTreeSet, time::Duration};

use stream::Offset;
use telemetry::Gauge;

/// Of how many records the poison is counted.
const WINDOW: u64 = 10_000;

/// How long a partition that stands still waits before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// How much poison a partition takes: a record here and there is set aside, but where there are
/// many something else is wrong, and setting them aside would lose them.
pub(super) struct Tolerance {
    limit: usize,
    set_aside: BTreeSet<Offset>,
}

impl Tolerance {
    /// How many offsets back from `next` the poison counts.
    pub(super) const fn since(next: Offset) -> Offset {
        next.saturating_sub(WINDOW)
    }

    /// Allows fewer than `limit` among the last 10,000 records; `set_aside` are already.
    pub(super) fn new(limit: usize, set_aside: impl IntoIterator<Item = Offset>) -> Self {
        Self { limit, set_aside: set_aside.into_iter().collect() }
    }

    /// How many may be set aside, at most.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// Sets these aside, unless that would be too many: then none.
    pub(super) fn admits(&mut self, offsets: impl IntoIterator<Item = Offset>) -> bool {
        let mut all = self.set_aside.clone();
        all.extend(offsets);
        let newest = all.last().copied().unwrap_or_default();
        let recent = all.split_off(&Self::since(newest));
        let admitted = recent.len() < self.limit;
        if admitted {
            self.set_aside = recent;
        }
        admitted
    }
}

/// A partition stands still for as long as this is there.
pub(super) struct Halted {
    sink: &'static str,
}

impl Halted {
    /// Says so, and what to do.
    pub(super) fn new(sink: &'static str, partition: u16, offset: Offset, reason: &str) -> Self {
        tracing::error!(
            sink,
            partition,
            offset,
            reason,
            "too many records of the partition are poison: it stands still, and nothing is skipped. \
             Mend what makes them so, or raise processor.store_poison_limit to set them aside"
        );
        Gauge::PartitionsHalted.add(&[sink], 1);
        Self { sink }
    }

    /// Waits before the next look.
    pub(super) async fn wait(&self) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        Gauge::PartitionsHalted.add(&[self.sink], -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_in_a_row_are_too_many() {
        let mut tolerance = Tolerance::new(100, []);
        for offset in 0..99 {
            assert!(tolerance.admits([offset]), "{offset}");
        }
        assert!(!tolerance.admits([99]));
        assert!(!tolerance.admits([99]), "and stay so");
    }

    #[test]
    fn one_in_a_hundred_is_too_many_and_less_is_not() {
        let mut tolerance = Tolerance::new(100, []);
        assert!((0..500).all(|n| tolerance.admits([n * 102])));
        let mut tolerance = Tolerance::new(100, []);
        assert!(!(0..500).all(|n| tolerance.admits([n * 100])));
    }

    #[test]
    fn what_was_set_aside_before_counts() {
        let mut tolerance = Tolerance::new(100, 0..99);
        assert!(tolerance.admits([50]), "the same again is no further one");
        assert!(!tolerance.admits([200]));
        assert!(tolerance.admits([20_000]));
    }

    #[test]
    fn too_many_at_once_set_none_aside() {
        let mut tolerance = Tolerance::new(100, []);
        assert!(!tolerance.admits(0..100));
        assert!(tolerance.admits(0..99));
    }
}
