use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::DoneSpan;
use log::LogRange;
use tenancy::Destination;
use warehouse::{Tally, Warehouse, WarehouseError};

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
            let rows = ExpectedRows { range: span.range, rows: *rows, planned };
            expected.entry(destination.clone()).or_default().push(rows);
        }
    }
    expected
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

/// Those of `expected` that the tables of `destination` do not match.
pub(super) async fn suspects(
    warehouse: &Warehouse,
    destination: &Destination,
    expected: &[ExpectedRows],
) -> Result<Vec<Suspect>, WarehouseError> {
    let first = count(warehouse, destination, expected, &bounds(expected)).await?;
    let unsure: Vec<_> = first.into_iter().map(|(expected, _)| expected.clone()).collect();
    let always = DateTime::UNIX_EPOCH..=Utc::now() + TimeDelta::days(365);
    let wrong = count(warehouse, destination, &unsure, &always).await?;
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
) -> Result<Vec<(&'a ExpectedRows, Tally)>, WarehouseError> {
    let ranges: Vec<_> = expected.iter().map(|expected| expected.range).collect();
    let tallies = warehouse.tally(destination, &ranges, logged).await?;
    let is_wrong = |(expected, tally): &(&ExpectedRows, Tally)| {
        tally.rows != expected.rows || tally.distinct != expected.rows
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
        ExpectedRows { range, rows, planned: DateTime::UNIX_EPOCH..=DateTime::UNIX_EPOCH }
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
