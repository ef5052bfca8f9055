use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

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

/// When a load of a batch is stored. A read may see a row before it is marked, so a tenant that is moved has each row
/// first on the side that is not read: when its reads change sides, no answer has fewer rows than one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wave {
    /// Its destination is not read by the tenants that are moved.
    First,
    /// It is not read by one of them, and read by another one.
    Second,
    /// Every tenant of it reads it.
    Third,
}

impl Load {
    /// Returns when it is stored.
    pub(super) fn wave(&self) -> Wave {
        let moved = self.block.tenants().iter().filter(|tenant| tenant.destinations().count() > 1);
        let (mut is_read, mut is_other) = (false, false);
        for tenant in moved {
            let reads_here = *tenant.destination() == self.destination;
            is_read |= reads_here;
            is_other |= !reads_here;
        }
        match (is_other, is_read) {
            (true, false) => Wave::First,
            (true, true) => Wave::Second,
            (false, _) => Wave::Third,
        }
    }
}

impl Draft {
    /// Removes poison records from the plan: they are skipped. The loads still hold them. The routes stay
    /// those of the plan.
    pub(crate) fn skip(&mut self, poison: Vec<Poison>) {
        let skip = &mut self.plan.skip;
        skip.poison.extend(poison);
        skip.poison.sort_unstable_by_key(|poison| poison.offset);
        let left_out = &self.plan.skip;
        let versions = self.plan.routes();
        let left = |load: &Load| {
            let rows = load.rows.only(|place| !left_out.contains(place.offset));
            let mut tenants = TenantRows::default();
            rows.tenants().for_each(|tenant| tenants.add(tenant, 1));
            tenants.planned(&load.destination, |tenant| versions.get(tenant.client_id()).copied())
        };
        let planned: Vec<_> = self.loads.iter().map(left).collect();
        self.plan.destinations = planned.into_iter().filter(|planned| planned.rows > 0).collect();
    }
}

/// How many rows each tenant has in a destination. Rows of one tenant often follow each other.
#[derive(Default)]
pub(super) struct TenantRows(Vec<(TenantContext, u64)>);

impl TenantRows {
    /// Adds rows of a tenant.
    pub(super) fn add(&mut self, tenant: &TenantContext, rows: u64) {
        let route = |tenant: &TenantContext| tenant.placement().route_version;
        match self.0.last_mut() {
            Some((last, count))
                if last.client_id() == tenant.client_id() && route(last) == route(tenant) =>
            {
                *count += rows;
            }
            _ => self.0.push((tenant.clone(), rows)),
        }
    }

    /// Returns what a plan says of the destination. `planned_version` returns the route version that the plan is
    /// based on. Without one, it is that of the tenant's contexts: the lowest, as records that were read
    /// before a change of the route have an older one, and make the ledger refuse the plan.
    pub(super) fn planned(
        &self,
        destination: &Destination,
        planned_version: impl Fn(&TenantContext) -> Option<u32>,
    ) -> PlannedDestination {
        let mut routes = BTreeMap::new();
        let mut tenant_rows = BTreeMap::new();
        for (tenant, rows) in &self.0 {
            let client_id = tenant.client_id();
            let version = planned_version(tenant).unwrap_or(tenant.placement().route_version);
            let lowest = routes.entry(client_id.clone()).or_insert(version);
            *lowest = version.min(*lowest);
            *tenant_rows.entry(client_id.clone()).or_insert(0) += rows;
        }
        let rows = self.0.iter().map(|(_, rows)| rows).sum();
        PlannedDestination { destination: destination.clone(), rows, routes, tenant_rows }
    }
}
