use serde::{Deserialize, Serialize};

use crate::coordinate::coordinate;

/// The number of a partition of a topic, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(u16);

coordinate!(Partition, u16);

impl Partition {
    /// Every partition of a topic that has `count` of them, ascending.
    pub fn all(count: u16) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..count).map(Self)
    }
}
