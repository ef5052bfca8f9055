use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use tenancy::Scoped;
use warehouse::{EventRow, InsertBatch, InsertError, Warehouse};

use super::draft::Load;
use crate::retry::Pauses;

/// How long to wait before asking again whether the server still works on an insert.
const STILL_RUNNING: Duration = Duration::from_millis(200);

/// What it took until all rows of a batch were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// One clean answer.
    Clean,
    /// It was in doubt, and everything was there.
    Doubtful,
    /// It was in doubt, and rows were missing.
    Repaired,
}

impl Landing {
    /// The metric's label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Doubtful => "doubtful",
            Self::Repaired => "repaired",
        }
    }
}

/// Inserts a load and returns once all of it is there, however long that takes.
pub(crate) async fn land(
    warehouse: &Warehouse,
    batch: InsertBatch,
    load: &Load,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Landing {
    let mut pauses = Pauses::new("insert a batch");
    loop {
        match warehouse.insert(&batch, &load.rows).await {
            Ok(()) => return Landing::Clean,
            Err(InsertError::Doubtful(cause)) => {
                tracing::warn!(%batch, cause, "in doubt whether the batch landed");
                return settle(warehouse, batch, load, logged).await;
            }
            // What the server refuses, it may take once an operator has helped; until then the
            // partition waits, and nothing is lost.
            Err(error) => pauses.wait(&error).await,
        }
    }
}

/// Brings a batch that may have been sent before to its end: nothing missing, nothing doubled.
///
/// A token alone is not proof: a server killed between writing its deduplication log and
/// committing the part drops the retry too. Reading back is.
pub(crate) async fn settle(
    warehouse: &Warehouse,
    batch: InsertBatch,
    load: &Load,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Landing {
    let mut pauses = Pauses::new("settle a doubtful batch");
    let mut round = InsertBatch { repair: 0, ..batch };
    let mut rows = load.rows.clone();
    loop {
        match attempt(warehouse, &round, &rows, logged, load).await {
            Ok(missing) if missing.is_empty() => {
                return if round.repair == 0 { Landing::Doubtful } else { Landing::Repaired };
            }
            Ok(missing) => {
                rows = missing;
                round.repair = round.repair.saturating_add(1);
                tracing::warn!(batch = %round, "rows are missing and inserted again");
            }
            Err(error) => pauses.wait(error.as_ref()).await,
        }
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Sends `rows` once nobody else works on them, then says which rows of `load` are still missing.
async fn attempt(
    warehouse: &Warehouse,
    batch: &InsertBatch,
    rows: &[Scoped<Vec<EventRow>>],
    logged: &RangeInclusive<DateTime<Utc>>,
    load: &Load,
) -> Result<Vec<Scoped<Vec<EventRow>>>, Cause> {
    while warehouse.is_running(batch).await? {
        tokio::time::sleep(STILL_RUNNING).await;
    }
    match warehouse.insert(batch, rows).await {
        Ok(()) => {}
        Err(InsertError::Doubtful(_)) => {
            while warehouse.is_running(batch).await? {
                tokio::time::sleep(STILL_RUNNING).await;
            }
        }
        Err(error) => return Err(error.into()),
    }
    let found = warehouse.present(batch, logged.clone()).await?;
    let present: BTreeSet<_> = found.iter().copied().collect();
    if present.len() != found.len() {
        let doubled = found.len() - present.len();
        tracing::error!(%batch, doubled, "rows are in the table twice");
    }
    Ok(missing(load, &present))
}

fn missing(load: &Load, present: &BTreeSet<(u64, u8)>) -> Vec<Scoped<Vec<EventRow>>> {
    let is_missing = |row: &EventRow| !present.contains(&(row.coordinates().offset, row.line()));
    let of_group = |group: &Scoped<Vec<EventRow>>| {
        group.as_ref().map(|rows| rows.iter().filter(|row| is_missing(row)).cloned().collect())
    };
    let groups = load.rows.iter().map(of_group);
    groups.filter(|group: &Scoped<Vec<EventRow>>| !group.value().is_empty()).collect()
}

#[cfg(test)]
#[path = "land_tests.rs"]
mod tests;
