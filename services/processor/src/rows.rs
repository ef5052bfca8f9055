//! Rows of ClickHouse by the tables they go to.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, Utc};
use events::Event;
use tenancy::{Destination, Scoped};
use warehouse::{Coordinates, EventRow};

use crate::record::Decoded;

/// The rows of some tenants, grouped by tenant.
pub(crate) type Rows = Vec<Scoped<Vec<EventRow>>>;

/// Makes rows of the events of records. `route` decides which tables an event goes to, if any.
pub(crate) fn rows_by_destination(
    records: &[Decoded],
    mut route: impl FnMut(&Decoded, &Scoped<Arc<Event>>) -> Option<Destination>,
) -> BTreeMap<Destination, Rows> {
    let mut by_destination = BTreeMap::<_, Vec<_>>::new();
    for record in records {
        let Ok(event) = &record.event else { continue };
        let Some(destination) = route(record, event) else { continue };
        let at = Coordinates { offset: record.offset, logged_at: record.log_time };
        let rows = event.clone().map(|event| EventRow::lines(event, at).collect::<Vec<_>>());
        by_destination.entry(destination).or_default().push(rows);
    }
    let by_tenant = |rows| {
        let groups = Scoped::group(rows).into_iter();
        groups.map(|group: Scoped<Vec<Vec<EventRow>>>| group.map(|rows| rows.concat())).collect()
    };
    by_destination.into_iter().map(|(destination, rows)| (destination, by_tenant(rows))).collect()
}

/// The rows that `wanted` picks; tenants without any are left out.
pub(crate) fn only(rows: &Rows, wanted: impl Fn(&EventRow) -> bool) -> Rows {
    let of_tenant = |group: &Scoped<Vec<EventRow>>| {
        group.as_ref().map(|rows| rows.iter().filter(|row| wanted(row)).cloned().collect())
    };
    let groups = rows.iter().map(of_tenant);
    groups.filter(|group: &Scoped<Vec<EventRow>>| !group.value().is_empty()).collect()
}

/// How many rows these are.
pub(crate) fn count(rows: &Rows) -> u64 {
    rows.iter().map(|group| group.value().len() as u64).sum()
}

/// The earliest and the latest of some times.
pub(crate) fn time_span(
    times: impl Iterator<Item = DateTime<Utc>> + Clone,
) -> RangeInclusive<DateTime<Utc>> {
    times.clone().min().unwrap_or_default()..=times.max().unwrap_or_default()
}
