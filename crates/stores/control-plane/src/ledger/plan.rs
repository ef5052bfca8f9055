use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenancy::{ClientId, Destination};

use crate::OffsetSet;

/// All that could differ on a second run, pinned before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlan {
    /// The first offset: the one after the previous batch's last, also across holes in the log.
    pub first: u64,
    /// The last offset, included.
    pub last: u64,
    /// Records of the range that are not written.
    pub skip: Skip,
    /// Where the rest goes.
    pub destinations: Vec<PlannedDestination>,
}

/// Records that are not written, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Copies of an event that stands earlier in the partition.
    pub duplicates: OffsetSet,
    /// Records that cannot be read, or that the warehouse refuses.
    pub poison: Vec<Poison>,
}

/// A record that is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poison {
    /// Where it stands.
    pub offset: u64,
    /// What is wrong with it; never its content.
    pub reason: String,
}

/// One set of tables a batch writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedDestination {
    /// The tables.
    pub destination: Destination,
    /// Rows they get.
    pub rows: u64,
    /// Whose rows, and on which route version that was decided.
    pub routes: BTreeMap<ClientId, u32>,
}

/// A plan as it was found in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What was planned.
    pub plan: BatchPlan,
    /// The epoch it was planned under.
    pub epoch: u64,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
}

impl Skip {
    /// Whether the record at `offset` is not written.
    pub fn contains(&self, offset: u64) -> bool {
        self.duplicates.contains(offset) || self.poison.iter().any(|poison| poison.offset == offset)
    }
}
