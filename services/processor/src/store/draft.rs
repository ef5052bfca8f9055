use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, Utc};
use control_plane::{BatchPlan, PlannedDestination, Poison, Skip};
use stream::Offset;
use tenancy::{Destination, Scoped};
use warehouse::{Coordinates, EventRow};

use super::bisect::{Rows, only};
use crate::record::Decoded;

/// A batch as it will be, or was, planned, with the rows that the plan means.
pub(crate) struct Draft {
    pub(crate) plan: BatchPlan,
    /// In the order of the plan's destinations.
    pub(crate) loads: Vec<Load>,
    /// The log's times of the range.
    pub(crate) logged: RangeInclusive<DateTime<Utc>>,
    /// How many records of the log it covers.
    pub(crate) records: u64,
    /// When the oldest of its events came in.
    pub(crate) received_at: Option<DateTime<Utc>>,
}

/// The rows of one destination.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) destination: Destination,
    pub(crate) rows: Rows,
}

impl Load {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.iter().map(|group| group.value().len()).sum()
    }
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

    /// The batch that a former owner planned, from the same records again: its skip is the one
    /// that counts.
    pub(crate) fn with_skip(first: Offset, records: &[Decoded], skip: Skip) -> Self {
        let last = records.last().map_or(first, |record| record.offset);
        let loads = loads(records, &skip);
        let destinations = loads.iter().map(planned).collect();
        let times = records.iter().map(|record| record.log_time);
        let logged = times.clone().min().unwrap_or_default()..=times.max().unwrap_or_default();
        let received = records.iter().filter_map(Decoded::first);
        Self {
            plan: BatchPlan { first, last, skip, destinations },
            loads,
            logged,
            records: records.len() as u64,
            received_at: received.map(|event| event.value().received_at).min(),
        }
    }

    /// Takes `poison` out of the batch: it is set aside.
    pub(crate) fn set_aside(&mut self, poison: Vec<Poison>) {
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

fn loads(records: &[Decoded], skip: &Skip) -> Vec<Load> {
    let mut by_destination = BTreeMap::<_, Vec<_>>::new();
    for record in records {
        let Ok(event) = &record.event else { continue };
        if skip.contains(record.offset) {
            continue;
        }
        let at = Coordinates { offset: record.offset, logged_at: record.log_time };
        let rows = event.clone().map(|event| lines(event, at));
        by_destination.entry(event.tenant().destination().clone()).or_default().push(rows);
    }
    let load = |(destination, rows)| Load {
        destination,
        rows: Scoped::group(rows)
            .into_iter()
            .map(|group| group.map(|rows| rows.concat()))
            .collect(),
    };
    by_destination.into_iter().map(load).collect()
}

fn lines(event: Arc<events::Event>, at: Coordinates) -> Vec<EventRow> {
    EventRow::lines(event, at).collect()
}

fn planned(load: &Load) -> PlannedDestination {
    let route = |group: &Scoped<_>| {
        let tenant = group.tenant();
        (tenant.client_id().clone(), tenant.placement().route_version)
    };
    PlannedDestination {
        destination: load.destination.clone(),
        rows: load.len() as u64,
        routes: load.rows.iter().map(route).collect(),
    }
}
