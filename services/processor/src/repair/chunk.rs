use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use chrono::{DateTime, Utc};
use control_plane::{Batch, BatchPlan};
use log::{LogRange, Offset};
use stream::Entry;
use tenancy::{Destination, TenantContext};

use super::{Moved, Retention, Scope};
use crate::{
    record::{Decoded, Records},
    rows::{Rows, time_span},
};

/// The plans that the ledger holds of a range, ascending.
pub(crate) struct Plans(Vec<BatchPlan>);

/// Successive records, and the rows that they should have in the tables.
pub(crate) struct Chunk {
    /// The log times of the range.
    pub(crate) logged: RangeInclusive<DateTime<Utc>>,
    pub(crate) rows: BTreeMap<Destination, Rows>,
    /// Records whose rows are expired, or those of an erased person, or of tenants that were moved elsewhere: they may
    /// be stored or not.
    pub(crate) expired: BTreeSet<Offset>,
}

impl Plans {
    pub(crate) fn new(batches: Vec<Batch>) -> Self {
        Self(batches.into_iter().map(|batch| batch.plan).collect())
    }

    /// Whether every offset of the range was planned.
    pub(crate) fn cover(&self, range: LogRange) -> bool {
        let mut next = range.first;
        for plan in &self.0 {
            if plan.first > next {
                return false;
            }
            next = next.max(plan.last.next());
        }
        next > range.last
    }

    /// The plan that holds this offset.
    fn of(&self, offset: Offset) -> Option<&BatchPlan> {
        let after = self.0.partition_point(|plan| plan.last < offset);
        self.0.get(after).filter(|plan| plan.first <= offset)
    }

    /// The destination that is accountable for the event, if it has one. A plan decides; without one, the
    /// event goes where a plan would send it now. The rows of a tenant that was moved are where its reads go,
    /// wherever they were planned to go.
    fn route(
        &self,
        record: &Decoded<'_>,
        tenant: &TenantContext,
        moved: &Moved,
    ) -> Option<Destination> {
        let Some(plan) = self.of(record.offset()) else {
            let present = || moved.of(tenant.client_id()).unwrap_or(tenant.destination()).clone();
            return (!record.resend).then(present);
        };
        if plan.skip.contains(record.offset()) {
            return None;
        }
        let tenant = tenant.client_id();
        let planned = plan.destinations.iter().find(|planned| planned.routes.contains_key(tenant));
        planned.map(|planned| moved.of(tenant).unwrap_or(&planned.destination).clone())
    }

    /// Whether rows of the record were planned.
    fn includes(&self, offset: Offset) -> bool {
        self.of(offset).is_some_and(|plan| !plan.skip.contains(offset))
    }
}

impl Chunk {
    /// The rows that `records` should have.
    pub(crate) fn new(
        records: &Records,
        plans: &Plans,
        retention: &Retention,
        scope: Scope<'_>,
    ) -> Self {
        let mut expired = BTreeSet::new();
        let mut rows = BTreeMap::<Destination, Rows>::new();
        for record in records.iter() {
            let offset = record.offset();
            let Ok(event) = &record.event else {
                // The tenant of an unreadable record may have been deleted since it was planned.
                if plans.includes(offset) {
                    expired.insert(offset);
                }
                continue;
            };
            let tenant = event.tenant();
            let moved = retention.moved();
            let Some(destination) = plans.route(&record, tenant, moved) else { continue };
            if !scope.holds(tenant.client_id(), &destination, record.log_time()) {
                if moved.of(tenant.client_id()).is_some() {
                    // The other side of a move may have its rows or not.
                    expired.insert(offset);
                }
                continue;
            }
            if retention.retains(tenant.client_id(), record.log_time(), event.value()) {
                let rows = rows.entry(destination).or_insert_with(|| Rows::of(records.entries()));
                rows.add(&record);
            } else {
                expired.insert(offset);
            }
        }
        let logged = time_span(records.entries().iter().map(Entry::log_time));
        Self { logged, rows, expired }
    }
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
