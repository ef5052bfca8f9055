use std::collections::BTreeMap;

use stream::Offset;
use tenancy::Scoped;
use warehouse::{EventRow, InsertBatch, InsertError, Warehouse};

use super::idle::idle;
use crate::retry::Pauses;

/// The rows of tenants.
pub(super) type Rows = Vec<Scoped<Vec<EventRow>>>;

/// The records that the server refuses, each with its code.
pub(super) type Refused = BTreeMap<Offset, u32>;

/// Finds the records among `rows` that the server refuses, by halves; all others are sent on the
/// way, each half under a token of its own bounds. Stops when it has found `limit`.
///
/// What was sent has to be read back: a half may have been in doubt.
pub(super) async fn bisect(
    warehouse: &Warehouse,
    batch: &InsertBatch,
    rows: Rows,
    limit: usize,
) -> Refused {
    let mut refused = Refused::new();
    let mut halves = vec![rows];
    while let Some(rows) = halves.pop() {
        let offsets = offsets(&rows);
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { continue };
        let half = InsertBatch { first: *first, last: *last, repair: 0, ..batch.clone() };
        let Err(code) = send(warehouse, &half, &rows).await else { continue };
        if first == last {
            refused.insert(*first, code);
            if refused.len() >= limit {
                break;
            }
            continue;
        }
        let middle = offsets.get(offsets.len() / 2).copied().unwrap_or(*last);
        halves.push(only(&rows, |row| row.coordinates().offset >= middle));
        halves.push(only(&rows, |row| row.coordinates().offset < middle));
    }
    refused
}

/// Sends rows until the server takes them, or refuses one: its code then.
async fn send(warehouse: &Warehouse, batch: &InsertBatch, rows: &Rows) -> Result<(), u32> {
    let mut pauses = Pauses::new("find the rows that are refused");
    loop {
        if let Err(error) = idle(warehouse, batch).await {
            pauses.wait(&error).await;
            continue;
        }
        match warehouse.insert(batch, rows).await {
            Ok(()) => return Ok(()),
            Err(InsertError::Refused { code }) => return Err(code),
            Err(error) => pauses.wait(&error).await,
        }
    }
}

/// The rows that `wanted` picks, tenants without any left out.
pub(super) fn only(rows: &Rows, wanted: impl Fn(&EventRow) -> bool) -> Rows {
    let of_group = |group: &Scoped<Vec<EventRow>>| {
        group.as_ref().map(|rows| rows.iter().filter(|row| wanted(row)).cloned().collect())
    };
    let groups = rows.iter().map(of_group);
    groups.filter(|group: &Scoped<Vec<EventRow>>| !group.value().is_empty()).collect()
}

/// The places of the records, ascending, each once.
fn offsets(rows: &Rows) -> Vec<Offset> {
    let rows = rows.iter().flat_map(|group| group.value());
    let mut offsets: Vec<_> = rows.map(|row| row.coordinates().offset).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}
