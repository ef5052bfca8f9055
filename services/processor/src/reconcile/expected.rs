use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{DoneSpan, TenantSpan};
use log::LogRange;
use tenancy::{ClientId, Destination};
use warehouse::{Tally, Warehouse, WarehouseError};

use crate::repair::Moved;

/// The most rows that a server counts at a time, which bounds its memory.
const ROWS_AT_A_TIME: u64 = 4_000_000;

/// The most ranges of one query.
const RANGES_AT_A_TIME: usize = 64;

/// Planned records were usually logged within the log's seven days before the plan, and never after
/// it, as far as clocks agree. Ranges that do not match are counted again without these bounds.
const BEFORE: TimeDelta = TimeDelta::days(8);
const AFTER: TimeDelta = TimeDelta::hours(1);

/// The rows that the ledger expects of a span in one of its destinations.
#[derive(Clone, Debug)]
pub(super) struct ExpectedRows {
    pub(super) range: LogRange,
    pub(super) rows: u64,
    pub(super) planned: RangeInclusive<DateTime<Utc>>,
    /// Whether `rows` is known. It is not if a tenant was moved, and a batch of an earlier build does not tell
    /// how many of its rows are that tenant's.
    pub(super) counted: bool,
}

/// A span whose tables do not hold the expected rows.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) range: LogRange,
    pub(super) destination: Destination,
    pub(super) rows: u64,
    pub(super) tally: Tally,
}

/// The expected rows of `spans`, by destination.
pub(super) fn by_destination(spans: &[DoneSpan]) -> BTreeMap<Destination, Vec<ExpectedRows>> {
    let mut expected = BTreeMap::<_, Vec<_>>::new();
    for span in spans {
        for (destination, rows) in &span.rows {
            let planned = span.planned.clone();
            let rows = ExpectedRows { range: span.range, rows: *rows, planned, counted: true };
            expected.entry(destination.clone()).or_default().push(rows);
        }
    }
    expected
}

/// Expects the rows of tenants that were moved where they are now, instead of where they were planned to go.
pub(super) fn settle(
    expected: &mut BTreeMap<Destination, Vec<ExpectedRows>>,
    spans: &[DoneSpan],
    moved_rows: &[TenantSpan],
    moved: &Moved,
) {
    for rows in moved_rows {
        let Some(span) = spans.get(rows.span) else { continue };
        let Some(there) = moved.of(&rows.client_id) else { continue };
        let mut change = |tables: &Destination, change: &dyn Fn(u64) -> u64| {
            let all = expected.entry(tables.clone()).or_default();
            let index = match all.iter().position(|one| one.range == span.range) {
                Some(index) => index,
                None => {
                    let planned = span.planned.clone();
                    all.push(ExpectedRows { range: span.range, rows: 0, planned, counted: true });
                    all.len() - 1
                }
            };
            if let Some(one) = all.get_mut(index) {
                one.rows = change(one.rows);
                one.counted &= rows.counted;
            }
        };
        for planned in &rows.destinations {
            change(planned, &|all| all.saturating_sub(rows.rows));
        }
        change(there, &|all| all + rows.rows);
    }
}

/// Splits expectations into groups that are each small enough for one query.
pub(super) fn groups(expected: &[ExpectedRows]) -> Vec<&[ExpectedRows]> {
    let mut groups = Vec::new();
    let mut rest = expected;
    while !rest.is_empty() {
        let mut rows = 0;
        let fits = rest.iter().take(RANGES_AT_A_TIME).take_while(|expected| {
            rows += expected.rows;
            rows <= ROWS_AT_A_TIME
        });
        let (group, after) = rest.split_at(fits.count().max(1).min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups
}

/// Those of `expected` that the tables of `destination` do not match. The rows of the tenants `without` are not
/// counted.
pub(super) async fn suspects(
    warehouse: &Warehouse,
    destination: &Destination,
    expected: &[ExpectedRows],
    without: &[&ClientId],
) -> Result<Vec<Suspect>, WarehouseError> {
    let first = count(warehouse, destination, expected, &bounds(expected), without).await?;
    let unsure: Vec<_> = first.into_iter().map(|(expected, _)| expected.clone()).collect();
    let always = DateTime::UNIX_EPOCH..=Utc::now() + TimeDelta::days(365);
    let wrong = count(warehouse, destination, &unsure, &always, without).await?;
    let suspect = |(expected, tally): (&ExpectedRows, Tally)| Suspect {
        range: expected.range,
        destination: destination.clone(),
        rows: expected.rows,
        tally,
    };
    Ok(wrong.into_iter().map(suspect).collect())
}

async fn count<'a>(
    warehouse: &Warehouse,
    destination: &Destination,
    expected: &'a [ExpectedRows],
    logged: &RangeInclusive<DateTime<Utc>>,
    without: &[&ClientId],
) -> Result<Vec<(&'a ExpectedRows, Tally)>, WarehouseError> {
    let ranges: Vec<_> = expected.iter().map(|expected| expected.range).collect();
    let tallies = warehouse.tally_without(destination, &ranges, logged, without).await?;
    let is_wrong = |(expected, tally): &(&ExpectedRows, Tally)| {
        !expected.counted || tally.rows != expected.rows || tally.distinct != expected.rows
    };
    Ok(expected.iter().zip(tallies).filter(is_wrong).collect())
}

fn bounds(expected: &[ExpectedRows]) -> RangeInclusive<DateTime<Utc>> {
    let from = expected.iter().map(|one| *one.planned.start()).min().unwrap_or_default();
    let to = expected.iter().map(|one| *one.planned.end()).max().unwrap_or_default();
    from - BEFORE..=to + AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(first: u64, rows: u64) -> ExpectedRows {
        let range = LogRange::new(1, 0, first, first + 9);
        let planned = DateTime::UNIX_EPOCH..=DateTime::UNIX_EPOCH;
        ExpectedRows { range, rows, planned, counted: true }
    }

    #[test]
    fn rows_of_a_moved_tenant_are_expected_where_its_reads_go() {
        let tables = |database: &str| Destination {
            cluster: "shared".parse().unwrap(),
            database: database.to_owned(),
        };
        let (shared, own) = (tables("footfall_shared"), tables("tenant_acme"));
        let span = |first: u64, rows: &[(&Destination, u64)]| DoneSpan {
            range: LogRange::new(1, 0, first, first + 9),
            planned: DateTime::UNIX_EPOCH..=DateTime::UNIX_EPOCH,
            rows: rows.iter().map(|(tables, rows)| ((*tables).clone(), *rows)).collect(),
        };
        // Ten rows are of another tenant; acme's are planned for the shared tables, then for both.
        let spans = [span(0, &[(&shared, 15)]), span(10, &[(&shared, 17), (&own, 7)])];
        let acme = |span: usize, tables: &[&Destination], rows: u64| TenantSpan {
            span,
            client_id: "acme".parse().unwrap(),
            destinations: tables.iter().map(|tables| (*tables).clone()).collect(),
            rows,
            counted: span == 1,
        };
        let rows = [acme(0, &[&shared], 5), acme(1, &[&shared, &own], 7)];
        for (there, expected) in [(&shared, [(15, 17), (0, 0)]), (&own, [(10, 10), (5, 7)])] {
            let moved = Moved::to([("acme", there.clone())]);
            let mut by_destination = by_destination(&spans);
            settle(&mut by_destination, &spans, &rows, &moved);
            let of = |tables: &Destination| {
                let all = by_destination.get(tables).cloned().unwrap_or_default();
                let at = |first: u64| all.iter().find(|one| one.range.first.get() == first);
                let rows = |first| at(first).map_or(0, |one| one.rows);
                assert!(at(0).is_none_or(|one| !one.counted), "a batch does not tell its rows");
                (rows(0), rows(10))
            };
            assert_eq!([of(&shared), of(&own)], expected, "in {there}");
        }
    }

    #[test]
    fn groups_hold_every_expectation_once_and_bound_what_the_server_counts() {
        let all: Vec<_> = (0..200)
            .map(|n| expected(n * 10, if n % 50 == 0 { ROWS_AT_A_TIME * 2 } else { 90_000 }))
            .collect();
        let groups = groups(&all);
        let again: Vec<_> = groups.concat().iter().map(|one| one.range.first.get()).collect();
        assert_eq!(again, (0..200).map(|n| n * 10).collect::<Vec<_>>());
        for group in groups {
            let rows: u64 = group.iter().map(|one| one.rows).sum();
            assert!(group.len() <= RANGES_AT_A_TIME);
            assert!(rows <= ROWS_AT_A_TIME || group.len() == 1, "{rows} in {}", group.len());
        }
    }
}
