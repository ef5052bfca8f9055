//! Taking a partition over: batches that a former owner planned, and records that expired.

use chrono::DateTime;
use control_plane::Batch;
use log::{LogRange, Offset};
use stream::StreamError;

use super::{memory::Room, pending::Pending, state::PartitionState, writer::ObjectWriter};
use crate::{
    ProcessorError,
    retry::{self, read},
    rows::time_span,
};

/// The most records that are read at a time.
pub(super) const CHUNK: usize = 1_000;

/// Continues where the log begins. Records that expired before they were archived are lost to the
/// archive: waiting would only lose more.
pub(super) async fn skip_expired(
    writer: &ObjectWriter,
    state: &mut PartitionState,
) -> Result<(), ProcessorError> {
    let lease = &state.lease;
    let start = state.log_start;
    let next = lease.next;
    if next.offset >= start {
        return Ok(());
    }
    if next.offset == Offset::ZERO {
        tracing::info!(partition = %next.partition, %start, "the archive begins where the log does");
    } else {
        log_expired(next.to(start.previous()));
    }
    let as_of = lease.as_of.unwrap_or(DateTime::UNIX_EPOCH);
    let ledger = &writer.context.ledger;
    let advanced = retry::ledger("skip expired records", || ledger.advance(lease, start, as_of));
    state.lease = advanced.await?;
    writer.context.report(&state.lease);
    Ok(())
}

/// Finishes a batch that a former owner planned. The same records make the same object, so it does
/// not matter whether the object was put already. `room` is the memory for its records.
pub(super) async fn take_over(
    writer: &ObjectWriter,
    state: &mut PartitionState,
    unmarked: Batch,
    room: impl AsyncFnOnce() -> Room,
) -> Result<(), ProcessorError> {
    let planned = state.lease.next.at(unmarked.plan.first).to(unmarked.plan.last);
    let LogRange { partition, first, last, .. } = planned;
    tracing::info!(range = %planned, "finishing a former owner's object");
    let start = state.log_start.max(first);
    if start > first {
        if let Some((stored, records)) = writer.find(state.key(last)).await {
            let logged = time_span(records.iter().map(|record| record.log_time));
            return writer.mark(state, state.key(last), stored, logged).await;
        }
        log_expired(planned.with(first, last.min(start.previous())));
    }
    state.pending.room = room().await;
    let mut range = writer.context.reader.read_range(partition, start..last.next().max(start))?;
    while let Some(entries) = read(&mut range, CHUNK).await? {
        state.pending.add(&entries, Room::default());
    }
    writer.context.current.confirm().await?;
    match state.pending.records.last() {
        // The object holds only what the log still held.
        Some(record) if record.offset == last => {
            writer.finish(state, planned.with(start, last).into()).await
        }
        None if start > last => leave_out(writer, state, last).await,
        _ => Err(StreamError::Gone { partition, offset: last }.into()),
    }
}

/// Marks a planned range of which no record is left: it has no object.
async fn leave_out(
    writer: &ObjectWriter,
    state: &mut PartitionState,
    last: Offset,
) -> Result<(), ProcessorError> {
    let as_of = state.lease.as_of.unwrap_or(DateTime::UNIX_EPOCH);
    let ledger = &writer.context.ledger;
    let lease = &state.lease;
    let marked = retry::ledger("leave records out", || ledger.mark(lease, last, as_of)).await?;
    state.lease = marked;
    state.pending = Pending::default();
    writer.context.report(&state.lease);
    Ok(())
}

fn log_expired(range: LogRange) {
    tracing::error!(%range, "records expired in the log before they were archived");
}
