use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use control_plane::{Batch, BatchPlan};
use events::Event;
use stream::Offset;
use tenancy::{Destination, Scoped};
use warehouse::{Coordinates, EventRow};

use super::{Kept, Scope};
use crate::record::Decoded;

/// The plans that the ledger keeps of a range, ascending.
pub(crate) struct Plans(Vec<BatchPlan>);

/// Some records that follow each other, and the rows that they mean.
pub(crate) struct Chunk {
    /// The log's times of the range.
    pub(crate) logged: RangeInclusive<DateTime<Utc>>,
    pub(crate) shares: BTreeMap<Destination, Vec<Scoped<Vec<EventRow>>>>,
    /// Records whose rows are let go: they may be there or not.
    pub(crate) let_go: BTreeSet<Offset>,
}

impl Plans {
    pub(crate) fn new(batches: Vec<Batch>) -> Self {
        Self(batches.into_iter().map(|batch| batch.plan).collect())
    }

    /// Whether every offset of the range was planned.
    pub(crate) fn cover(&self, first: Offset, last: Offset) -> bool {
        let mut next = first;
        for plan in &self.0 {
            if plan.first > next {
                return false;
            }
            next = next.max(plan.last + 1);
        }
        next > last
    }

    /// The plan that holds this offset.
    fn of(&self, offset: Offset) -> Option<&BatchPlan> {
        let after = self.0.partition_point(|plan| plan.last < offset);
        self.0.get(after).filter(|plan| plan.first <= offset)
    }

    /// Where the event goes, if it goes anywhere. What was planned counts; what was not is decided
    /// as the plan would be made today.
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

    /// Whether the record was planned, whatever is known of it now.
    fn includes(&self, offset: Offset) -> bool {
        self.of(offset).is_some_and(|plan| !plan.skip.contains(offset))
    }
}

impl Chunk {
    /// What `records` mean.
    pub(crate) fn new(records: &[Decoded], plans: &Plans, kept: &Kept, scope: Scope<'_>) -> Self {
        let mut rows = BTreeMap::<Destination, Vec<_>>::new();
        let mut let_go = BTreeSet::new();
        for record in records {
            let Ok(event) = &record.event else {
                // A tenant that was there when it was planned may be gone.
                if plans.includes(record.offset) {
                    let_go.insert(record.offset);
                }
                continue;
            };
            let Some(destination) = plans.route(record, event) else { continue };
            let tenant = event.tenant().client_id();
            if !scope.holds(tenant, &destination, record.log_time) {
                continue;
            }
            if !kept.keeps(tenant, record.log_time) {
                let_go.insert(record.offset);
                continue;
            }
            let at = Coordinates { offset: record.offset, logged_at: record.log_time };
            let lines = event.clone().map(|event| EventRow::lines(event, at).collect::<Vec<_>>());
            rows.entry(destination).or_default().push(lines);
        }
        let share = |rows| {
            let groups = Scoped::group(rows).into_iter();
            groups
                .map(|group: Scoped<Vec<Vec<EventRow>>>| group.map(|rows| rows.concat()))
                .collect()
        };
        let shares = rows.into_iter().map(|(destination, rows)| (destination, share(rows)));
        let times = records.iter().map(|record| record.log_time);
        let logged = times.clone().min().unwrap_or_default()..=times.max().unwrap_or_default();
        Self { logged, shares: shares.collect(), let_go }
    }
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
