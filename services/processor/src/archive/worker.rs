use std::time::{Duration, Instant};

use control_plane::{BatchPlan, Group, Skip};
use failpoints::Step;
use log::{Offset, Partition};
use stream::{Entry, LogRecord};
use telemetry::{Counter, Histogram, TraceSpan, in_span};

use super::{
    memory::Memory,
    pending::{Cut, Pending},
    state::PartitionState,
    take_over::{CHUNK, skip_expired, take_over},
    writer::ObjectWriter,
};
use crate::{
    Dependencies, ProcessorError,
    member::{Gather, Worker, WorkerContext, weigh},
    retry,
};

const SINK: &str = Group::Archive.as_str();

/// How long the first record of a chunk waits for others.
const CHUNK_WAIT: Duration = Duration::from_millis(100);

/// The archive group's worker.
pub(crate) struct Archiver {
    writer: ObjectWriter,
    cut: Cut,
    memory: Memory,
}

impl Archiver {
    pub(crate) fn new(dependencies: &Dependencies, context: WorkerContext) -> Self {
        let settings = &dependencies.settings;
        let cut = Cut {
            records: settings.archive_batch_records,
            bytes: settings.archive_batch_mib << 20,
            wait: Duration::from_millis(settings.archive_batch_ms),
        };
        let memory = Memory::new(settings.archive_memory_mib);
        let platform = dependencies.control_plane.for_platform(&dependencies.platform());
        let writer = ObjectWriter { context, archive: dependencies.archive.clone(), platform };
        Self { writer, cut, memory }
    }

    fn context(&self) -> &WorkerContext {
        &self.writer.context
    }

    /// Makes an object of what is pending, if anything is.
    async fn archive(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        let records = &state.pending.records;
        let traceparents = records.iter().filter_map(LogRecord::traceparent);
        let span = TraceSpan::of_batch(SINK, records.len(), traceparents);
        in_span(span, self.archive_pending(state)).await
    }

    async fn archive_pending(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        let Some(last) = state.pending.records.last() else {
            return Ok(());
        };
        let began = Instant::now();
        let ledger = &self.context().ledger;
        let lease = &state.lease;
        let plan = BatchPlan {
            first: lease.next.offset,
            last: last.offset,
            skip: Skip::default(),
            destinations: Vec::new(),
        };
        retry::ledger("plan an object", || ledger.plan(lease, &plan)).await?;
        failpoints::reach(Step::Plan);
        let records = state.pending.records.len();
        self.writer.finish(state, state.key(plan.last)).await?;
        Counter::RecordsProcessed.add(&[SINK], records as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    /// Does the same once the first record has waited long enough.
    async fn archive_due(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        if state.pending.is_due(&self.cut) { self.archive(state).await } else { Ok(()) }
    }
}

impl Worker for Archiver {
    type State = PartitionState;

    async fn gather(&self, _state: &mut PartitionState) -> Gather {
        Gather {
            limit: CHUNK.min(self.cut.records),
            weight: self.cut.bytes,
            wait: CHUNK_WAIT.min(self.cut.wait),
        }
    }

    async fn take(&self, partition: Partition) -> Result<(PartitionState, Offset), ProcessorError> {
        let context = self.context();
        let generation = context.generation();
        let ledger = &context.ledger;
        let lease = ledger.take(Group::Archive, generation, partition, &context.owner).await?;
        failpoints::reach(Step::Take);
        // At most one batch is planned at a time.
        let planned = ledger.planned(Group::Archive, generation, partition).await?;
        let unmarked = planned.into_iter().next();
        let next = unmarked.as_ref().map_or(lease.next.offset, |batch| batch.plan.last.next());
        let log_start = context.reader.bounds(partition).await?.start;
        context.report(&lease);
        let state = PartitionState { lease, log_start, pending: Pending::default(), unmarked };
        Ok((state, next.max(log_start)))
    }

    async fn begin(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        if let Some(unmarked) = state.unmarked.take() {
            let room = async || self.memory.take(self.cut.bytes).await;
            take_over(&self.writer, state, unmarked, room).await?;
        }
        skip_expired(&self.writer, state).await
    }

    async fn process(
        &self,
        state: &mut PartitionState,
        entries: Vec<Entry>,
    ) -> Result<(), ProcessorError> {
        if state.pending.is_full_with(&entries, &self.cut) {
            self.archive(state).await?;
        }
        let bytes = weigh(&entries);
        let room = match self.memory.try_take(bytes) {
            Some(room) => room,
            None => {
                // Other partitions hold the rest, and may wait for what is held here.
                self.archive(state).await?;
                self.memory.take(bytes).await
            }
        };
        state.pending.add(&entries, room);
        self.archive_due(state).await
    }

    async fn on_quiet(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        self.archive_due(state).await
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
