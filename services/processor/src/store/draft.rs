use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use control_plane::{BatchPlan, PlannedDestination, Poison, Skip};
use log::Offset;
use tenancy::{Destination, Scoped};

use crate::{
    record::Decoded,
    rows::{self, Rows, only, rows_by_destination, time_span},
};

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
}

/// The rows of one destination.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) destination: Destination,
    pub(crate) rows: Rows,
}

impl Draft {
    /// Drafts the batch from `first` to the last of `records`, which are not empty.
    pub(crate) fn new(first: Offset, records: &[Decoded]) -> Self {
        let mut skip = Skip::default();
        for record in records {
            match &record.event {
                Ok(_) if record.resend => skip.duplicates.push(record.offset),
                Ok(_) => {}
                Err(unreadable) => {
                    let reason = unreadable.reason.clone();
                    skip.poison.push(Poison { offset: record.offset, reason });
                }
            }
        }
        Self::with_skip(first, records, skip)
    }

    /// Drafts a batch that a former owner planned, from the same records: its skip counts.
    pub(crate) fn with_skip(first: Offset, records: &[Decoded], skip: Skip) -> Self {
        let last = records.last().map_or(first, |record| record.offset);
        let route = |record: &Decoded, event: &Scoped<_>| {
            (!skip.contains(record.offset)).then(|| event.tenant().destination().clone())
        };
        let load = |(destination, rows)| Load { destination, rows };
        let loads: Vec<_> = rows_by_destination(records, route).into_iter().map(load).collect();
        let destinations = loads.iter().map(planned).collect();
        let received = records.iter().filter_map(Decoded::first);
        Self {
            plan: BatchPlan { first, last, skip, destinations },
            loads,
            logged: time_span(records.iter().map(|record| record.log_time)),
            records: records.len() as u64,
            received_at: received.map(|event| event.value().received_at).min(),
        }
    }

    /// Removes poison records from the batch: they are skipped.
    pub(crate) fn skip(&mut self, poison: Vec<Poison>) {
        let skip = &mut self.plan.skip;
        skip.poison.extend(poison);
        skip.poison.sort_unstable_by_key(|poison| poison.offset);
        for load in &mut self.loads {
            load.rows = only(&load.rows, |row| !skip.contains(row.coordinates().offset));
        }
        self.loads.retain(|load| !load.rows.is_empty());
        self.plan.destinations = self.loads.iter().map(planned).collect();
    }
}

fn planned(load: &Load) -> PlannedDestination {
    let route = |group: &Scoped<_>| {
        let tenant = group.tenant();
        (tenant.client_id().clone(), tenant.placement().route_version)
    };
    PlannedDestination {
        destination: load.destination.clone(),
        rows: rows::count(&load.rows),
        routes: load.rows.iter().map(route).collect(),
    }
}
