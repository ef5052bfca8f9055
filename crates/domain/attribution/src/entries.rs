use std::cmp::Ordering;

use crate::{MatchLevel, Touch};

/// A touch, as far as the search needs it. The order of its fields is that of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// What it matches.
    value: u32,
    pub(crate) time: i64,
    id: u128,
    /// Its position in the caller's slice.
    pub(crate) touch: usize,
}

/// Touches of one kind, sorted by what they match, and then by time and id.
#[derive(Debug)]
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    /// Returns the touches that `admits`, without those that match nothing.
    pub(crate) fn of<C>(
        touches: &[Touch<C>],
        level: MatchLevel,
        admits: impl Fn(&Touch<C>) -> bool,
    ) -> Self {
        let admitted = touches.iter().enumerate().filter(|(_, touch)| admits(touch));
        let entries = admitted.filter_map(|(position, touch)| {
            let value = level.value(&touch.product)?;
            Some(Entry { value, time: touch.time, id: touch.id, touch: position })
        });
        let mut sorted: Vec<_> = entries.collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// Returns the touches that match `value`, from `window` milliseconds before `time` to `time`.
    pub(crate) fn within(&self, value: Option<u32>, time: i64, window: i64) -> &[Entry] {
        let Some(value) = value else { return &[] };
        let from = time.saturating_sub(window);
        let place = |entry: &Entry, end: i64| entry.value.cmp(&value).then(entry.time.cmp(&end));
        let start = self.0.partition_point(|entry| place(entry, from) == Ordering::Less);
        let end = self.0.partition_point(|entry| place(entry, time) != Ordering::Greater);
        self.0.get(start..end).unwrap_or_default()
    }
}
