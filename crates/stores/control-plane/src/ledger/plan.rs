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
    /// How many of the rows each tenant has. It is written and not read back with the plan; a plan of an
    /// earlier build has none.
    #[serde(skip)]
    pub tenant_rows: BTreeMap<ClientId, u64>,
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

impl BatchPlan {
    /// Whether the other plan writes the same rows to the same tables.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let destinations = |plan: &Self| {
            let uncounted = |planned: &PlannedDestination| PlannedDestination {
                tenant_rows: BTreeMap::new(),
                ..planned.clone()
            };
            plan.destinations.iter().map(uncounted).collect::<Vec<_>>()
        };
        (self.first, self.last, &self.skip) == (other.first, other.last, &other.skip)
            && destinations(self) == destinations(other)
    }

    /// Returns the tenants of its rows, each with the lowest route version that rows of it are based on.
    pub fn routes(&self) -> BTreeMap<&ClientId, u32> {
        let mut routes = BTreeMap::new();
        for (tenant, version) in self.destinations.iter().flat_map(|planned| &planned.routes) {
            let lowest = routes.entry(tenant).or_insert(*version);
            *lowest = (*version).min(*lowest);
        }
        routes
    }

    /// Returns how many rows each tenant has, in each of its destinations.
    pub(super) fn tenant_rows(&self) -> BTreeMap<&ClientId, u64> {
        let rows = self.destinations.iter().flat_map(|planned| &planned.tenant_rows);
        rows.map(|(tenant, rows)| (tenant, *rows)).collect()
    }
}

impl Skip {
    /// Whether the record at `offset` is not written.
    pub fn contains(&self, offset: Offset) -> bool {
        self.duplicates.contains(offset)
            || self.erased.contains(offset)
            || self.poison.iter().any(|poison| poison.offset == offset)
    }
}
