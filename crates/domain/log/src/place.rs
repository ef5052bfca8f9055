use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Generation, Offset, Partition};

/// The place of one record in the log, across all generations of its topic. Places are ordered by
/// generation, then partition, then offset.
///
/// As text: `generation:partition:offset`, such as `3:1:41`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogPlace {
    /// The generation of the log.
    pub generation: Generation,
    /// The partition.
    pub partition: Partition,
    /// The offset.
    pub offset: Offset,
}

impl LogPlace {
    /// From the numbers that the stores keep.
    pub const fn new(generation: u16, partition: u16, offset: u64) -> Self {
        Self {
            generation: Generation::new(generation),
            partition: Partition::new(partition),
            offset: Offset::new(offset),
        }
    }

    /// Another place of the same partition.
    #[must_use]
    pub const fn at(self, offset: Offset) -> Self {
        Self { offset, ..self }
    }

    /// Whether both are places of one partition in one generation.
    pub fn is_beside(self, other: Self) -> bool {
        (self.generation, self.partition) == (other.generation, other.partition)
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { generation, partition, offset } = self;
        write!(out, "{generation}:{partition}:{offset}")
    }
}
