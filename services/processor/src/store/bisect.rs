use std::collections::BTreeMap;

use log::Offset;
use warehouse::{InsertBatch, InsertError, Warehouse};

use crate::{retry, rows::Rows};

/// The records that the server refuses, each with its code.
pub(super) type Refused = BTreeMap<Offset, u32>;

/// Finds the records among `rows` that the server refuses, by bisection. All others are inserted on
/// the way, each half under a token of its own bounds. Stops when it has found `limit`.
///
/// The rows must be read back afterwards: the insert of a half may have been in doubt.
pub(super) async fn bisect(
    warehouse: &Warehouse,
    batch: &InsertBatch,
    rows: Rows,
    limit: usize,
) -> Refused {
    let mut refused = Refused::new();
    let mut halves = vec![rows];
    while let Some(rows) = halves.pop() {
        let offsets = rows.offsets();
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { continue };
        let range = batch.range.with(*first, *last);
        let half = InsertBatch { range, repair: 0, ..batch.clone() };
        let Err(code) = send(warehouse, &half, &rows).await else { continue };
        if first == last {
            refused.insert(*first, code);
            if refused.len() >= limit {
                break;
            }
            continue;
        }
        let middle = offsets.get(offsets.len() / 2).copied().unwrap_or(*last);
        halves.push(rows.only(|place| place.offset >= middle));
        halves.push(rows.only(|place| place.offset < middle));
    }
    refused
}

/// Sends rows until the server accepts them, or refuses one of them with a code.
async fn send(warehouse: &Warehouse, batch: &InsertBatch, rows: &Rows) -> Result<(), u32> {
    let is_refusal = |error: &InsertError| matches!(error, InsertError::Refused { .. });
    let block = rows.encode(warehouse, batch.range.start()).await;
    let sent = retry::until("find the rows that are refused", is_refusal, async || {
        warehouse.wait_until_no_insert_runs(batch).await.map_err(InsertError::retriable)?;
        warehouse.insert(batch, &block).await
    });
    match sent.await {
        Err(InsertError::Refused { code }) => Err(code),
        _ => Ok(()),
    }
}
