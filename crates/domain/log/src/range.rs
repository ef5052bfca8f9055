use std::{fmt, ops::RangeInclusive};

use crate::{Generation, LogPlace, Offset, Partition};

/// An unbroken range of offsets of one partition. It may span offsets that hold no record.
///
/// As text: `generation:partition:first-last`, such as `3:1:41-99`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogRange {
    /// The generation of the log.
    pub generation: Generation,
    /// The partition.
    pub partition: Partition,
    /// The first offset.
    pub first: Offset,
    /// The last offset, included. A range whose last is before its first is empty.
    pub last: Offset,
}

impl LogRange {
    /// From the numbers that the stores keep.
    pub const fn new(generation: u16, partition: u16, first: u64, last: u64) -> Self {
        LogPlace::new(generation, partition, first).to(Offset::new(last))
    }

    /// How many offsets it spans.
    pub fn len(&self) -> u64 {
        if self.is_empty() { 0 } else { (self.last - self.first).saturating_add(1) }
    }

    /// Whether it spans no offset.
    pub fn is_empty(&self) -> bool {
        self.last < self.first
    }

    /// Whether it spans `offset`.
    pub fn contains(&self, offset: Offset) -> bool {
        self.offsets().contains(&offset)
    }

    /// The place of its first offset.
    pub const fn start(&self) -> LogPlace {
        let Self { generation, partition, first: offset, .. } = *self;
        LogPlace { generation, partition, offset }
    }

    /// The place after its last offset.
    pub const fn next(&self) -> LogPlace {
        self.start().at(self.last.next())
    }

    /// Its offsets.
    pub const fn offsets(&self) -> RangeInclusive<Offset> {
        self.first..=self.last
    }

    /// The same partition from another first to another last offset.
    #[must_use]
    pub const fn with(&self, first: Offset, last: Offset) -> Self {
        Self { first, last, ..*self }
    }
}

impl LogPlace {
    /// The range from here to `last`, both included.
    pub const fn to(self, last: Offset) -> LogRange {
        let Self { generation, partition, offset: first } = self;
        LogRange { generation, partition, first, last }
    }
}

impl fmt::Display for LogRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.start(), self.last)
    }
}
