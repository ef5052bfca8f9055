use serde::{Deserialize, Serialize};

use crate::coordinate::coordinate;

/// The number of one life of a topic, from 1 on. A topic that is deleted and created again is the
/// next generation, with offsets of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u16);

coordinate!(Generation, u16);
