use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use crate::coordinate::coordinate;

/// The place of a record within a partition, from 0 on. Arithmetic saturates.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Offset(u64);

coordinate!(Offset, u64);

impl Offset {
    /// The first of every partition.
    pub const ZERO: Self = Self(0);
    /// No record has a higher one.
    pub const MAX: Self = Self(u64::MAX);

    /// The offset after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The offset before this one; 0 before the first.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl Add<u64> for Offset {
    type Output = Self;

    fn add(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

/// The number of offsets from `start` up to this one; 0 where `start` is the later one.
impl Sub for Offset {
    type Output = u64;

    fn sub(self, start: Self) -> u64 {
        self.0.saturating_sub(start.0)
    }
}
