use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use log::Offset;

/// The number of records within which poison is counted.
const WINDOW: u64 = 10_000;

/// How much poison a partition tolerates: a few records are skipped, but where there are many,
/// something else is wrong and skipping them would lose them. Cloning shares the count.
#[derive(Clone)]
pub(super) struct Tolerance {
    limit: usize,
    skipped: Arc<Mutex<BTreeSet<Offset>>>,
}

impl Tolerance {
    /// The first offset whose poison still counts at `next`.
    pub(super) fn since(next: Offset) -> Offset {
        Offset::new(next.get().saturating_sub(WINDOW))
    }

    /// Allows fewer than `limit` poison records among the last 10,000; `skipped` are some already.
    pub(super) fn new(limit: usize, skipped: impl IntoIterator<Item = Offset>) -> Self {
        Self { limit, skipped: Arc::new(Mutex::new(skipped.into_iter().collect())) }
    }

    /// The most records that may be skipped.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether these records may be skipped. If so, they are counted; if not, none of them is.
    pub(super) fn admits(&self, offsets: impl IntoIterator<Item = Offset>) -> bool {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = skipped.clone();
        all.extend(offsets);
        let newest = all.last().copied().unwrap_or_default();
        let recent = all.split_off(&Self::since(newest));
        let admitted = recent.len() < self.limit;
        if admitted {
            *skipped = recent;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(numbers: impl IntoIterator<Item = u64>) -> Vec<Offset> {
        numbers.into_iter().map(Offset::new).collect()
    }

    #[test]
    fn a_hundred_in_a_row_are_too_many() {
        let tolerance = Tolerance::new(100, []);
        for offset in offsets(0..99) {
            assert!(tolerance.admits([offset]), "{offset}");
        }
        assert!(!tolerance.admits(offsets([99])));
        assert!(!tolerance.admits(offsets([99])), "and stay so");
    }

    #[test]
    fn one_in_a_hundred_is_too_many_and_less_is_not() {
        let tolerance = Tolerance::new(100, []);
        assert!((0..500).all(|n| tolerance.admits(offsets([n * 102]))));
        let tolerance = Tolerance::new(100, []);
        assert!(!(0..500).all(|n| tolerance.admits(offsets([n * 100]))));
    }

    #[test]
    fn records_skipped_before_count() {
        let tolerance = Tolerance::new(100, offsets(0..99));
        assert!(tolerance.admits(offsets([50])), "the same record is not another one");
        assert!(!tolerance.admits(offsets([200])));
        assert!(tolerance.admits(offsets([20_000])));
    }

    #[test]
    fn of_too_many_at_once_none_is_skipped() {
        let tolerance = Tolerance::new(100, []);
        assert!(!tolerance.admits(offsets(0..100)));
        assert!(tolerance.admits(offsets(0..99)));
    }
}
