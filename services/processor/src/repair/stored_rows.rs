use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use log::Offset;
use tokio::time::timeout;
use warehouse::{InsertBatch, InsertError, RowPlace, Warehouse};

use super::{Effect, Findings, Repair, Scope, chunk::Chunk};
use crate::{ProcessorError, rows::Rows};

/// How long to wait for running inserts before the range is left for the next reconciliation.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often missing rows are inserted. A token that an earlier repair used inserts nothing, so more
/// than one attempt may be needed, but never this many.
const ATTEMPTS: u32 = 50;

/// How often copies are deleted: a merge in between may move them.
const DELETIONS: u32 = 5;

/// Compares rows with their tables, and inserts missing rows until none is missing.
pub(super) async fn insert_missing(
    repair: &Repair,
    batch: &InsertBatch,
    rows: &Rows,
    chunk: &Chunk,
    scope: Scope<'_>,
) -> Result<Findings, ProcessorError> {
    let warehouse = &repair.warehouse;
    let mut findings = None;
    for attempt in 1..=ATTEMPTS {
        wait_for_inserts(warehouse, batch).await?;
        let present = warehouse.present(batch, chunk.logged.clone()).await?;
        let (first_seen, missing) = compare(rows, &chunk.expired, scope, &present);
        let findings = findings.get_or_insert(first_seen);
        if missing.is_empty() {
            findings.repaired = findings.missing;
            return Ok(*findings);
        }
        if repair.effect == Effect::None {
            return Ok(*findings);
        }
        repair.ledger.request_rebuild().await?;
        let block = missing.encode(warehouse, batch.range.start()).await;
        match warehouse.insert_as(&format!("{batch}:a{attempt}"), batch, &block).await {
            // The next attempt reads the table back.
            Ok(()) | Err(InsertError::InDoubt(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ProcessorError::Stubborn { batch: batch.to_string() })
}

/// Deletes all but one copy of each row of the batch's range. Returns `false` while a deletion still
/// runs.
pub(super) async fn delete_copies(
    repair: &Repair,
    batch: &InsertBatch,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Result<bool, ProcessorError> {
    let warehouse = &repair.warehouse;
    repair.ledger.request_rebuild().await?;
    for _ in 0..DELETIONS {
        if !warehouse.delete_copies(batch, logged).await? {
            return Ok(false);
        }
        let tallies = warehouse.tally(&batch.destination, &[batch.range], logged).await?;
        if tallies.iter().all(|tally| tally.rows == tally.distinct) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn wait_for_inserts(
    warehouse: &Warehouse,
    batch: &InsertBatch,
) -> Result<(), ProcessorError> {
    let busy = |_| ProcessorError::Busy { batch: batch.to_string() };
    Ok(timeout(PATIENCE, warehouse.wait_until_no_insert_runs(batch)).await.map_err(busy)??)
}

/// Compares rows with those that are stored. Returns the findings and the missing rows.
fn compare(
    rows: &Rows,
    expired: &BTreeSet<Offset>,
    scope: Scope<'_>,
    present: &[RowPlace],
) -> (Findings, Rows) {
    let stored: BTreeSet<_> = present.iter().copied().collect();
    let expected: BTreeSet<_> = rows.places().collect();
    let missing = rows.only(|place| !stored.contains(&place));
    let count = missing.len();
    // The tables also hold rows of tenants outside the scope.
    let in_scope = |place: &&RowPlace| match scope {
        Scope::Tables(_) => true,
        Scope::Tenant { .. } => expected.contains(place),
    };
    let copies = present.iter().filter(in_scope).count();
    let singles = stored.iter().filter(in_scope);
    let planned = |place: &&RowPlace| expected.contains(place) || expired.contains(&place.offset);
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
