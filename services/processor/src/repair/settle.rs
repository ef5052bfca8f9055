use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use tenancy::Scoped;
use tokio::time::timeout;
use warehouse::{EventRow, InsertBatch, InsertError, LogRange, Warehouse};

use super::{Effect, Findings, Repair, Scope, chunk::Chunk};
use crate::{ProcessorError, store::idle};

/// How long to wait for others' inserts before the range is left for the next time.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often missing rows are inserted. A name that an earlier repair used up inserts nothing, so
/// more than one attempt may be needed; so many never are.
const ATTEMPTS: u32 = 50;

/// How often copies are deleted: a merge in between may have moved them.
const DELETIONS: u32 = 5;

type Place = (u64, u8);

/// Compares a share with its tables, and inserts what is missing until nothing is.
pub(super) async fn insert_missing(
    repair: &Repair,
    batch: &InsertBatch,
    share: &[Scoped<Vec<EventRow>>],
    chunk: &Chunk,
    scope: Scope<'_>,
) -> Result<Findings, ProcessorError> {
    let warehouse = &repair.warehouse;
    let mut findings = None;
    for attempt in 1..=ATTEMPTS {
        wait_until_quiet(warehouse, batch).await?;
        let present = warehouse.present(batch, chunk.logged.clone()).await?;
        let (first_seen, missing) = compare(share, &chunk.let_go, scope, &present);
        let findings = findings.get_or_insert(first_seen);
        if missing.is_empty() {
            findings.repaired = findings.missing;
            return Ok(*findings);
        }
        if repair.effect == Effect::None {
            return Ok(*findings);
        }
        repair.ledger.owe_rebuild().await?;
        match warehouse.insert_as(&format!("{batch}:a{attempt}"), batch, &missing).await {
            // Reading back tells.
            Ok(()) | Err(InsertError::Doubtful(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ProcessorError::Stubborn { batch: batch.to_string() })
}

/// Deletes all but one of each row of the batch's range; `false` when a deletion is still under way
/// and has to be waited for.
pub(super) async fn delete_copies(
    repair: &Repair,
    batch: &InsertBatch,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Result<bool, ProcessorError> {
    let warehouse = &repair.warehouse;
    repair.ledger.owe_rebuild().await?;
    let InsertBatch { kgen, partition, first, last, .. } = *batch;
    let range = [LogRange { kgen, partition, first, last }];
    for _ in 0..DELETIONS {
        if !warehouse.delete_copies(batch, logged).await? {
            return Ok(false);
        }
        let tallies = warehouse.tally(&batch.destination, &range, logged).await?;
        if tallies.iter().all(|tally| tally.rows == tally.distinct) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn wait_until_quiet(
    warehouse: &Warehouse,
    batch: &InsertBatch,
) -> Result<(), ProcessorError> {
    let busy = |_| ProcessorError::Busy { batch: batch.to_string() };
    Ok(timeout(PATIENCE, idle(warehouse, batch)).await.map_err(busy)??)
}

/// What is wrong, and the rows that are missing.
fn compare(
    share: &[Scoped<Vec<EventRow>>],
    let_go: &BTreeSet<u64>,
    scope: Scope<'_>,
    present: &[Place],
) -> (Findings, Vec<Scoped<Vec<EventRow>>>) {
    let place = |row: &EventRow| (row.coordinates().offset, row.line());
    let there: BTreeSet<_> = present.iter().copied().collect();
    let rows = share.iter().flat_map(|group| group.value());
    let expected: BTreeSet<_> = rows.map(place).collect();
    let missing: Vec<_> = share
        .iter()
        .map(|group| {
            let missing = |rows: &Vec<EventRow>| {
                rows.iter().filter(|row| !there.contains(&place(row))).cloned().collect()
            };
            group.as_ref().map(missing)
        })
        .filter(|group: &Scoped<Vec<EventRow>>| !group.value().is_empty())
        .collect();
    let count = missing.iter().map(|group| group.value().len() as u64).sum();
    // In the same tables there are rows of tenants who were not asked for.
    let in_question = |place: &&Place| match scope {
        Scope::Tables(_) => true,
        Scope::Tenant { .. } => expected.contains(place),
    };
    let copies = present.iter().filter(in_question).count();
    let singles = there.iter().filter(in_question);
    let planned = |place: &&Place| expected.contains(place) || let_go.contains(&place.0);
    let findings = Findings {
        expected: expected.len() as u64,
        found: expected.len() as u64 - count,
        missing: count,
        doubled: (copies - singles.clone().count()) as u64,
        unplanned: singles.filter(|place| !planned(place)).count() as u64,
        repaired: 0,
    };
    (findings, missing)
}
