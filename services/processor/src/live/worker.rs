use std::time::{Duration, Instant};

use aggregates::{Aggregates, AggregatesError, ApplyOutcome, LiveBatch};
use chrono::{DateTime, Utc};
use control_plane::{Group, Lease, LedgerError};
use failpoints::Step;
use log::{LogRange, Offset, Partition};
use stream::Entry;
use telemetry::{Counter, Histogram};
use tokio::time::timeout;

use super::{chains::Chains, deltas::deltas, known_fences::KnownFences};
use crate::{
    Dependencies, ProcessorError,
    member::{Gather, Worker, WorkerContext},
    record::{Recent, Records},
    retry::Pauses,
};

const SINK: &str = Group::Live.as_str();

/// How often the fences are noted in the ledger. The fences are authoritative; the ledger's offset
/// only shows when Redis has lost some of them.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// How long noting them may take: counting goes on without it.
const NOTE_WITHIN: Duration = Duration::from_millis(500);

/// The live group's worker.
pub(crate) struct Live {
    context: WorkerContext,
    topic: String,
    aggregates: Aggregates,
    chains: Chains,
    fences: KnownFences,
    gather: Gather,
}

/// What the worker of a partition holds.
pub(crate) struct PartitionState {
    lease: Lease,
    recent: Recent,
    /// The first offset of the next batch.
    next: Offset,
    /// The log time of the last record applied.
    log_time: Option<DateTime<Utc>>,
    noted_at: Instant,
}

/// What became of a batch that was sent to every slot group.
enum Sent {
    /// All have applied it.
    Applied,
    /// It has to be sent in two parts, the second of which begins at this offset.
    CutAt(Offset),
}

impl Live {
    pub(crate) fn new(dependencies: &Dependencies, context: WorkerContext) -> Self {
        let gather = Gather {
            limit: dependencies.settings.live_batch_records,
            weight: usize::MAX,
            wait: Duration::from_millis(dependencies.settings.live_batch_ms),
        };
        Self {
            topic: dependencies.kafka.events_topic.clone(),
            aggregates: dependencies.aggregates.clone(),
            chains: Chains::new(dependencies, context.clone()),
            fences: KnownFences::default(),
            context,
            gather,
        }
    }

    /// Applies the records of a range, cut wherever a slot group's fence lies within it.
    async fn apply(
        &self,
        lease: &Lease,
        range: LogRange,
        records: Records,
    ) -> Result<(), ProcessorError> {
        let mut pending = vec![(range, records)];
        while let Some((range, records)) = pending.pop() {
            let Sent::CutAt(cut) = self.send(lease, range, &records).await? else {
                continue;
            };
            if cut <= range.first || cut > range.last {
                return Err(ProcessorError::Retake("redis lost writes"));
            }
            let (before, after) = records.split_at(cut);
            pending.push((range.with(cut, range.last), after));
            pending.push((range.with(range.first, cut.previous()), before));
        }
        Ok(())
    }

    /// Sends the records of a range to every slot group.
    async fn send(
        &self,
        lease: &Lease,
        range: LogRange,
        records: &Records,
    ) -> Result<Sent, ProcessorError> {
        let log_time = records.last().map_or_else(Utc::now, Entry::log_time);
        let batch = LiveBatch { range, log_time };
        let known = self.fences.places();
        let erased = self.context.erasures.latest().await;
        let mut pauses = Pauses::new("update live counters");
        loop {
            let outcomes =
                match self.aggregates.apply(&batch, &known, deltas(records, &erased)).await {
                    Ok(outcomes) => outcomes,
                    Err(AggregatesError::BatchTooLarge(_)) if records.len() > 1 => {
                        return Ok(records.middle().map_or(Sent::Applied, Sent::CutAt));
                    }
                    Err(error) => {
                        pauses.wait(&error).await;
                        continue;
                    }
                };
            let mut is_applied = true;
            for (slot_group, outcome) in outcomes {
                match outcome {
                    ApplyOutcome::Applied => Counter::Batches.inc(&[SINK, "clean"]),
                    ApplyOutcome::AlreadyApplied => Counter::Batches.inc(&[SINK, "repeated"]),
                    ApplyOutcome::ChainBroken { fence: Some(fence) } => {
                        return Ok(Sent::CutAt(fence));
                    }
                    ApplyOutcome::ChainBroken { fence: None } => {
                        self.chains.start(lease, slot_group, None, range.first).await?;
                        is_applied = false;
                    }
                }
            }
            if is_applied {
                return Ok(Sent::Applied);
            }
        }
    }

    /// Notes the fences in the ledger. If the ledger is unavailable, the next call repeats this. If
    /// only its reply was lost, the next call finds the lease lost.
    async fn note(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        let noted = timeout(NOTE_WITHIN, self.try_to_note(state)).await;
        state.noted_at = Instant::now();
        match noted {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error @ (LedgerError::Fenced | LedgerError::Rerouted))) => Err(error.into()),
            Ok(Err(LedgerError::ControlPlane(error))) => {
                tracing::debug!(%error, "could not note the fences in the ledger");
                Ok(())
            }
            Err(_) => {
                tracing::debug!("noting the fences in the ledger timed out");
                Ok(())
            }
        }
    }

    async fn try_to_note(&self, state: &mut PartitionState) -> Result<(), LedgerError> {
        self.fences.refresh(&self.context.ledger, &self.topic).await?;
        let is_ahead = state.next > state.lease.next.offset;
        let Some(as_of) = state.log_time.filter(|_| is_ahead) else {
            return Ok(());
        };
        state.lease = self.context.ledger.advance(&state.lease, state.next, as_of).await?;
        Ok(())
    }

    fn report(&self, state: &PartitionState) {
        let PartitionState { lease, next, .. } = state;
        let as_of = state.log_time.or(lease.as_of);
        self.fences.note(lease.next.at(*next));
        self.context.progress.report(lease.next.partition, lease.epoch, *next, as_of);
    }
}

impl Worker for Live {
    type State = PartitionState;

    async fn gather(&self, _state: &mut PartitionState) -> Gather {
        self.gather
    }

    async fn take(&self, partition: Partition) -> Result<(PartitionState, Offset), ProcessorError> {
        let context = &self.context;
        let generation = context.generation();
        let lease = context.ledger.take(Group::Live, generation, partition, &context.owner).await?;
        failpoints::reach(Step::Take);
        self.fences.refresh(&context.ledger, &self.topic).await?;
        let next = self.chains.join(&lease).await?;
        let recent = context.recent_ids.take(generation, partition);
        let noted_at = Instant::now();
        let state = PartitionState { lease, recent, next, log_time: None, noted_at };
        self.report(&state);
        Ok((state, next))
    }

    async fn begin(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        let next = state.lease.next.at(state.next);
        state.recent.recall_or_wait(&self.context.history, next).await
    }

    async fn process(
        &self,
        state: &mut PartitionState,
        entries: Vec<Entry>,
    ) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let records = state.recent.decode(entries).await?;
        let Some(newest) = records.last() else {
            return Ok(());
        };
        failpoints::reach(Step::LiveBefore);
        let range = state.lease.next.at(state.next).to(newest.offset());
        self.apply(&state.lease, range, records.clone()).await?;
        failpoints::reach(Step::LiveAfter);
        state.next = newest.offset().next();
        state.log_time = Some(newest.log_time());
        self.report(state);
        Counter::ResendsDropped.add(&[SINK], records.resends());
        Counter::RecordsProcessed.add(&[SINK], records.len() as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        if state.noted_at.elapsed() >= NOTE_EVERY {
            self.note(state).await?;
        }
        Ok(())
    }

    async fn on_quiet(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        self.note(state).await?;
        match self.chains.complete(&state.lease, state.next).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ProcessorError::Retake("redis lost writes while no record arrived")),
            // No record waits for Redis here; the next batch reports the outage.
            Err(ProcessorError::Aggregates(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
