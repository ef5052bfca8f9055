use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use control_plane::{Batch, BatchPlan};
use events::Event;
use log::{LogRange, Offset};
use tenancy::{Destination, Scoped};

use super::{Retention, Scope};
use crate::{
    record::Decoded,
    rows::{Rows, rows_by_destination, time_span},
};

/// The plans that the ledger holds of a range, ascending.
pub(crate) struct Plans(Vec<BatchPlan>);

/// Successive records, and the rows that they should have in the tables.
pub(crate) struct Chunk {
    /// The log times of the range.
    pub(crate) logged: RangeInclusive<DateTime<Utc>>,
    pub(crate) rows: BTreeMap<Destination, Rows>,
    /// Records whose rows are expired: they may be stored or not.
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

    /// The destination of the event, if it has one. A plan decides; without one, the event goes where
    /// a plan would send it now.
    fn route(&self, record: &Decoded, event: &Scoped<Arc<Event>>) -> Option<Destination> {
        let Some(plan) = self.of(record.offset) else {
            return (!record.resend).then(|| event.tenant().destination().clone());
        };
        if plan.skip.contains(record.offset) {
            return None;
        }
        let tenant = event.tenant().client_id();
        let planned = plan.destinations.iter().find(|planned| planned.routes.contains_key(tenant));
        planned.map(|planned| planned.destination.clone())
    }

    /// Whether rows of the record were planned.
    fn includes(&self, offset: Offset) -> bool {
        self.of(offset).is_some_and(|plan| !plan.skip.contains(offset))
    }
}

impl Chunk {
    /// The rows that `records` should have.
    pub(crate) fn new(
        records: &[Decoded],
        plans: &Plans,
        retention: &Retention,
        scope: Scope<'_>,
    ) -> Self {
        // The tenant of an unreadable record may have been deleted since it was planned.
        let is_lost = |record: &&Decoded| record.event.is_err() && plans.includes(record.offset);
        let lost = records.iter().filter(is_lost).map(|record| record.offset);
        let mut expired: BTreeSet<_> = lost.collect();
        let rows = rows_by_destination(records, |record, event| {
            let destination = plans.route(record, event)?;
            let tenant = event.tenant().client_id();
            if !scope.holds(tenant, &destination, record.log_time) {
                return None;
            }
            if !retention.retains(tenant, record.log_time) {
                expired.insert(record.offset);
                return None;
            }
            Some(destination)
        });
        let logged = time_span(records.iter().map(|record| record.log_time));
        Self { logged, rows, expired }
    }
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
