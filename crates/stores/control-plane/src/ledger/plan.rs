use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use log::Offset;
use serde::{Deserialize, Serialize};
use tenancy::{ClientId, Destination};

use crate::OffsetSet;

/// Every decision about a batch that a second run could make differently, fixed before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlan {
    /// The first offset: the one after the previous batch's last, also across gaps in the log.
    pub first: Offset,
    /// The last offset, included.
    pub last: Offset,
    /// Records of the range that are not written.
    pub skip: Skip,
    /// Where the other records go.
    pub destinations: Vec<PlannedDestination>,
}

/// Records that are not written, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Duplicates of an event that occurs earlier in the partition.
    pub duplicates: OffsetSet,
    /// Records that cannot be read, or that the warehouse refuses.
    pub poison: Vec<Poison>,
    /// Events of persons that were erased. Absent in plans without any, which the previous build can read.
    #[serde(default, skip_serializing_if = "OffsetSet::is_empty")]
    pub erased: OffsetSet,
}

/// A record that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poison {
    /// The offset of the record.
    pub offset: Offset,
    /// Why it is left out; never its content.
    pub reason: String,
}

/// One set of tables a batch writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedDestination {
    /// The tables.
    pub destination: Destination,
    /// How many rows are written to them.
    pub rows: u64,
    /// The tenants of the rows, each with the route version that the plan is based on.
    pub routes: BTreeMap<ClientId, u32>,
}

/// A plan as read from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The plan.
    pub plan: BatchPlan,
    /// The epoch it was planned under.
    pub epoch: u64,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
}

impl Skip {
    /// Whether the record at `offset` is not written.
    pub fn contains(&self, offset: Offset) -> bool {
        self.duplicates.contains(offset)
            || self.erased.contains(offset)
            || self.poison.iter().any(|poison| poison.offset == offset)
    }
}
