use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::{DateTime, Utc};
use control_plane::{BatchPlan, PlannedDestination, Poison};
use stream::RejectedRecord;
use tenancy::{ClientId, Destination, Scoped, TenantContext};
use warehouse::EventBlock;

use super::names::Names;
use crate::rows::Rows;

/// A batch as it is planned, with the rows that the plan means.
pub(crate) struct Draft {
    pub(crate) plan: BatchPlan,
    /// In the order of the plan's destinations.
    pub(crate) loads: Vec<Load>,
    /// The log times of the range.
    pub(crate) logged: RangeInclusive<DateTime<Utc>>,
    /// How many records of the log it covers.
    pub(crate) records: u64,
    /// When the oldest of its events was received.
    pub(crate) received_at: Option<DateTime<Utc>>,
    /// The campaigns and products that its rows name and that are not listed yet.
    pub(crate) names: Names,
    /// The tenants of its late events: they change answers about finished ranges.
    pub(crate) late: BTreeSet<ClientId>,
    /// The records that cannot be read, if their tenant is known.
    pub(crate) rejects: Vec<Scoped<RejectedRecord>>,
}

/// The rows of one destination.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) destination: Destination,
    pub(crate) rows: Rows,
    /// All of the rows, encoded.
    pub(crate) block: EventBlock,
}

impl Draft {
    /// Removes poison records from the plan: they are skipped. The loads still hold them.
    pub(crate) fn skip(&mut self, poison: Vec<Poison>) {
        let skip = &mut self.plan.skip;
        skip.poison.extend(poison);
        skip.poison.sort_unstable_by_key(|poison| poison.offset);
        let left = |load: &Load| {
            let rows = load.rows.only(|place| !skip.contains(place.offset));
            planned(&load.destination, rows.len(), rows.tenants())
        };
        let planned = self.loads.iter().map(left);
        self.plan.destinations = planned.filter(|planned| planned.rows > 0).collect();
    }
}

/// What a plan says of a destination with rows of some tenants.
pub(super) fn planned<'a>(
    destination: &Destination,
    rows: u64,
    tenants: impl IntoIterator<Item = &'a TenantContext>,
) -> PlannedDestination {
    let route =
        |tenant: &TenantContext| (tenant.client_id().clone(), tenant.placement().route_version);
    PlannedDestination {
        destination: destination.clone(),
        rows,
        routes: tenants.into_iter().map(route).collect(),
    }
}
