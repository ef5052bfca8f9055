use serde::{Deserialize, Serialize};

/// A set of offsets, kept as ranges: a file imported twice skips long runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OffsetSet {
    /// First and last of each range; ascending, neither overlapping nor touching.
    ranges: Vec<(u64, u64)>,
}

impl OffsetSet {
    /// Adds an offset that is larger than all before it; a smaller or equal one is left out.
    pub fn push(&mut self, offset: u64) {
        match self.ranges.last_mut() {
            Some((_, last)) if offset <= *last => {}
            Some((_, last)) if offset == *last + 1 => *last = offset,
            _ => self.ranges.push((offset, offset)),
        }
    }

    /// Whether `offset` is in the set.
    pub fn contains(&self, offset: u64) -> bool {
        let after = self.ranges.partition_point(|(_, last)| *last < offset);
        self.ranges.get(after).is_some_and(|(first, _)| *first <= offset)
    }

    /// How many offsets are in the set.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

/// From offsets in any order.
impl FromIterator<u64> for OffsetSet {
    fn from_iter<I: IntoIterator<Item = u64>>(offsets: I) -> Self {
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

    #[test]
    fn runs_are_kept_as_ranges() {
        let set = OffsetSet::from_iter([9, 3, 4, 5, 4]);
        assert_eq!(serde_json::to_string(&set).unwrap(), "[[3,5],[9,9]]");
        assert_eq!(set.len(), 4);
    }

    #[test]
    fn contains_exactly_what_was_added() {
        let set = OffsetSet::from_iter([3, 4, 5, 9]);
        let found: Vec<_> = (0..12).filter(|offset| set.contains(*offset)).collect();
        assert_eq!(found, [3, 4, 5, 9]);
        assert!(!OffsetSet::default().contains(0));
    }
}
