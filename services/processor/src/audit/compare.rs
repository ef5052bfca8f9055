use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::DoneSpan;
use tenancy::Destination;
use warehouse::{LogRange, Tally, Warehouse, WarehouseError};

/// The most rows that a server counts at a time, which bounds its memory.
const ROWS_AT_A_TIME: u64 = 4_000_000;

/// The most ranges of one question.
const RANGES_AT_A_TIME: usize = 64;

/// What is planned was usually logged within the log's seven days before, and never after, as far
/// as clocks agree. Whatever does not fit is asked for again without these bounds.
const BEFORE: TimeDelta = TimeDelta::days(8);
const AFTER: TimeDelta = TimeDelta::hours(1);

/// What the ledger says of a span and one of its destinations.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) range: LogRange,
    pub(super) rows: u64,
    pub(super) planned: RangeInclusive<DateTime<Utc>>,
}

/// A claim that the tables do not bear out.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) range: LogRange,
    pub(super) destination: Destination,
    pub(super) rows: u64,
    pub(super) tally: Tally,
}

/// The claims of `spans`, by destination.
pub(super) fn claims(spans: &[DoneSpan]) -> BTreeMap<Destination, Vec<Claim>> {
    let mut claims = BTreeMap::<_, Vec<_>>::new();
    for span in spans {
        let DoneSpan { kgen, partition, first, last, .. } = *span;
        let range = LogRange { kgen, partition, first, last };
        for (destination, rows) in &span.rows {
            let claim = Claim { range, rows: *rows, planned: span.planned.clone() };
            claims.entry(destination.clone()).or_default().push(claim);
        }
    }
    claims
}

/// Groups of claims, each small enough for one question.
pub(super) fn groups(claims: &[Claim]) -> Vec<&[Claim]> {
    let mut groups = Vec::new();
    let mut rest = claims;
    while !rest.is_empty() {
        let mut rows = 0;
        let fits = rest.iter().take(RANGES_AT_A_TIME).take_while(|claim| {
            rows += claim.rows;
            rows <= ROWS_AT_A_TIME
        });
        let (group, after) = rest.split_at(fits.count().max(1).min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups
}

/// Those of `claims` that the tables of `destination` do not bear out.
pub(super) async fn suspects(
    warehouse: &Warehouse,
    destination: &Destination,
    claims: &[Claim],
) -> Result<Vec<Suspect>, WarehouseError> {
    let first = count(warehouse, destination, claims, &bounds(claims)).await?;
    let unsure: Vec<_> = first.into_iter().map(|(claim, _)| claim.clone()).collect();
    let always = DateTime::UNIX_EPOCH..=Utc::now() + TimeDelta::days(365);
    let wrong = count(warehouse, destination, &unsure, &always).await?;
    let suspect = |(claim, tally): (&Claim, Tally)| Suspect {
        range: claim.range,
        destination: destination.clone(),
        rows: claim.rows,
        tally,
    };
    Ok(wrong.into_iter().map(suspect).collect())
}

async fn count<'a>(
    warehouse: &Warehouse,
    destination: &Destination,
    claims: &'a [Claim],
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Result<Vec<(&'a Claim, Tally)>, WarehouseError> {
    let ranges: Vec<_> = claims.iter().map(|claim| claim.range).collect();
    let tallies = warehouse.tally(destination, &ranges, logged).await?;
    let wrong =
        |(claim, tally): &(&Claim, Tally)| tally.rows != claim.rows || tally.distinct != claim.rows;
    Ok(claims.iter().zip(tallies).filter(wrong).collect())
}

fn bounds(claims: &[Claim]) -> RangeInclusive<DateTime<Utc>> {
    let from = claims.iter().map(|claim| *claim.planned.start()).min().unwrap_or_default();
    let to = claims.iter().map(|claim| *claim.planned.end()).max().unwrap_or_default();
    from - BEFORE..=to + AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(first: u64, rows: u64) -> Claim {
        let range = LogRange { kgen: 1, partition: 0, first, last: first + 9 };
        Claim { range, rows, planned: DateTime::UNIX_EPOCH..=DateTime::UNIX_EPOCH }
    }

    #[test]
    fn groups_hold_every_claim_once_and_bound_what_the_server_counts() {
        let claims: Vec<_> = (0..200)
            .map(|n| claim(n * 10, if n % 50 == 0 { ROWS_AT_A_TIME * 2 } else { 90_000 }))
            .collect();
        let groups = groups(&claims);
        let again: Vec<_> = groups.concat().iter().map(|claim| claim.range.first).collect();
        assert_eq!(again, (0..200).map(|n| n * 10).collect::<Vec<_>>());
        for group in groups {
            let rows: u64 = group.iter().map(|claim| claim.rows).sum();
            assert!(group.len() <= RANGES_AT_A_TIME);
            assert!(rows <= ROWS_AT_A_TIME || group.len() == 1, "{rows} in {}", group.len());
        }
    }
}
