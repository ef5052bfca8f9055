use log::Offset;
use serde::{Deserialize, Serialize};

/// A set of offsets, stored as ranges: a file imported twice skips long runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OffsetSet {
    /// First and last of each range; ascending, neither overlapping nor touching.
    ranges: Vec<(Offset, Offset)>,
}

impl OffsetSet {
    /// Adds an offset that is larger than all before it; a smaller or equal one is ignored.
    pub fn push(&mut self, offset: Offset) {
        match self.ranges.last_mut() {
            Some((_, last)) if offset <= *last => {}
            Some((_, last)) if offset == last.next() => *last = offset,
            _ => self.ranges.push((offset, offset)),
        }
    }

    /// Whether `offset` is in the set.
    pub fn contains(&self, offset: Offset) -> bool {
        let after = self.ranges.partition_point(|(_, last)| *last < offset);
        self.ranges.get(after).is_some_and(|(first, _)| *first <= offset)
    }

    /// Returns how many offsets are in the set.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|(first, last)| *last - *first + 1).sum()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

/// From offsets in any order.
impl FromIterator<Offset> for OffsetSet {
    fn from_iter<I: IntoIterator<Item = Offset>>(offsets: I) -> Self {
        let mut sorted: Vec<_> = offsets.into_iter().collect();
        sorted.sort_unstable();
        let mut set = Self::default();
        sorted.into_iter().for_each(|offset| set.push(offset));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(offsets: &[u64]) -> OffsetSet {
        offsets.iter().copied().map(Offset::new).collect()
    }

    #[test]
    fn runs_are_stored_as_ranges() {
        let set = set(&[9, 3, 4, 5, 4]);
        assert_eq!(serde_json::to_string(&set).unwrap(), "[[3,5],[9,9]]");
        assert_eq!(set.len(), 4);
    }

    #[test]
    fn contains_exactly_the_offsets_that_were_added() {
        let set = set(&[3, 4, 5, 9]);
        let found: Vec<_> = (0..12).filter(|offset| set.contains(Offset::new(*offset))).collect();
        assert_eq!(found, [3, 4, 5, 9]);
        assert!(!OffsetSet::default().contains(Offset::ZERO));
    }
}
