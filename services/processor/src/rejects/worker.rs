use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use control_plane::{Group, Lease};
use events::EventIds;
use failpoints::Step;
use log::{Generation, LogPlace, Offset, Partition};
use privacy::ErasedPersons;
use stream::Entry;
use telemetry::{Counter, Histogram};
use tenancy::{Destination, Scoped};
use warehouse::{RejectedEvent, Warehouse};

use super::reject_row::reject_row;
use crate::{
    Dependencies, ProcessorError,
    member::{Gather, Worker, WorkerContext},
    retry::{self, until_ok},
};

const SINK: &str = Group::Rejects.as_str();

/// Rejects are few, and each may fill a whole request: batches are small and not urgent.
const GATHER: Gather = Gather { limit: 1_000, weight: 8 << 20, wait: Duration::from_millis(200) };

/// The rejects group's worker.
///
/// A batch is written until the server accepts it; only then the lease advances. A process that
/// takes the partition in between writes the batch again, which changes nothing: a reject's key is
/// derived from its place in the log.
pub(crate) struct Rejects {
    context: WorkerContext,
    warehouse: Warehouse,
}

/// What the worker of a partition holds.
pub(crate) struct PartitionState {
    lease: Lease,
}

type RejectsByDestination = BTreeMap<Destination, Vec<Scoped<(LogPlace, RejectedEvent)>>>;

impl Rejects {
    pub(crate) fn new(dependencies: &Dependencies, context: WorkerContext) -> Self {
        Self { context, warehouse: dependencies.warehouse.clone() }
    }

    /// The offset to read from: where the last owner stopped, or where the log begins. Rejects that
    /// expired unread are stored nowhere else, so waiting would only lose more.
    async fn start(&self, lease: &Lease) -> Result<Offset, ProcessorError> {
        let next = lease.next.offset;
        let first = self.context.reader.bounds(lease.next.partition).await?.start;
        if next > Offset::ZERO && next < first {
            tracing::error!(%lease.next, %first, "rejects expired in the log unread");
        }
        Ok(next.max(first))
    }

    /// Sorts records by the tables they go to. Those that name a person who was erased since they were received are
    /// left out.
    fn sort(
        &self,
        generation: Generation,
        entries: Vec<Entry>,
        erased: &ErasedPersons,
    ) -> RejectsByDestination {
        let mut sorted = RejectsByDestination::new();
        for entry in entries {
            match entry {
                Entry::Record(record) => {
                    let destination = record.tenant().destination().clone();
                    let ids = EventIds::of(record.tenant().client_id());
                    let reject = record.map(|record| reject_row(generation, ids, &record));
                    let (_, row) = reject.value();
                    let received_at = row.id.received_at().unwrap_or_default();
                    let tenant = reject.tenant().client_id();
                    if erased.include_document(tenant, received_at, &row.original) {
                        continue;
                    }
                    sorted.entry(destination).or_default().push(reject);
                }
                Entry::Unresolved(unresolved) => {
                    let record = &unresolved.record;
                    tracing::error!(
                        partition = %record.partition,
                        offset = %record.offset,
                        reason = unresolved.reason.as_str(),
                        "a reject has no tenant"
                    );
                    Counter::PoisonRecords.inc(&[SINK]);
                }
            }
        }
        sorted
    }

    /// Stores rejects, and retries until all are stored.
    async fn store(&self, sorted: RejectsByDestination) {
        for (destination, rejects) in sorted {
            let rejects = Scoped::group(rejects);
            until_ok("store rejects", || self.warehouse.insert_rejects(&destination, &rejects))
                .await;
            let count: usize = rejects.iter().map(|group| group.value().len()).sum();
            Counter::RejectsStored.add(&[], count as u64);
        }
    }
}

impl Worker for Rejects {
    type State = PartitionState;

    async fn gather(&self, _state: &mut PartitionState) -> Gather {
        GATHER
    }

    async fn take(&self, partition: Partition) -> Result<(PartitionState, Offset), ProcessorError> {
        let context = &self.context;
        let generation = context.generation();
        let lease =
            context.ledger.take(Group::Rejects, generation, partition, &context.owner).await?;
        failpoints::reach(Step::Take);
        let next = self.start(&lease).await?;
        let Lease { epoch, as_of, .. } = lease;
        context.progress.report(partition, epoch, next, as_of);
        Ok((PartitionState { lease }, next))
    }

    async fn begin(&self, _state: &mut PartitionState) -> Result<(), ProcessorError> {
        Ok(())
    }

    async fn process(
        &self,
        state: &mut PartitionState,
        entries: Vec<Entry>,
    ) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let Some(last) = entries.last() else { return Ok(()) };
        let next = last.offset().next();
        let logged_at = last.log_time();
        let count = entries.len();
        // An id made of a wrong generation may be another reject's.
        self.context.current.confirm().await?;
        let erased = self.context.erasures.current().await;
        self.store(self.sort(state.lease.next.generation, entries, &erased)).await;
        let ledger = &self.context.ledger;
        let lease = &state.lease;
        let advance = || ledger.advance(lease, next, logged_at);
        state.lease = retry::ledger("advance the lease on rejects", advance).await?;
        self.context.report(&state.lease);
        Counter::RecordsProcessed.add(&[SINK], count as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    async fn on_quiet(&self, _state: &mut PartitionState) -> Result<(), ProcessorError> {
        Ok(())
    }
}
