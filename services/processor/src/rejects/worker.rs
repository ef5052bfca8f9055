use std::{
    ops::Range,
    time::{Duration, Instant},
};

use control_plane::{Group, Lease};
use events::EventIds;
use failpoints::Step;
use log::{Generation, LogPlace, Offset, Partition};
use privacy::ErasedPersons;
use stream::Entry;
use telemetry::{Counter, Histogram};
use tenancy::ClientId;
use warehouse::Warehouse;

use super::{
    reject_row::reject_row,
    storing::{Sorted, Storing},
};
use crate::{
    Dependencies, ProcessorError,
    known_erasures::is_key_of,
    member::{Gather, Worker, WorkerContext},
    retry::{self, Pauses},
};

const SINK: &str = Group::Rejects.as_str();

/// Rejects are few, and each may fill a whole request: batches are small and not urgent.
const GATHER: Gather = Gather { limit: 1_000, weight: 8 << 20, wait: Duration::from_millis(200) };

/// The most rejects that are read again at a time.
const CHUNK: usize = 1_000;

/// The rejects group's worker.
///
/// A batch is written until the server accepts it; only then the lease advances. A process that
/// takes the partition in between writes the batch again, which changes nothing: a reject's key is
/// derived from its place in the log. So the rejects of a tenant that is moved need no cut: those of a
/// batch that is not marked are written again, on the new route.
pub(crate) struct Rejects {
    context: WorkerContext,
    warehouse: Warehouse,
}

/// What the worker of a partition holds.
pub(crate) struct PartitionState {
    lease: Lease,
}

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
    fn sort(&self, generation: Generation, entries: Vec<Entry>, erased: &ErasedPersons) -> Sorted {
        let mut sorted = Sorted::default();
        for entry in entries {
            match entry {
                Entry::Record(record) => {
                    let tenant = record.tenant().clone();
                    let version = tenant.placement().route_version;
                    sorted.routes.add(tenant.client_id(), version);
                    let ids = EventIds::of(tenant.client_id());
                    let reject = record.map(|record| reject_row(generation, ids, &record));
                    let (_, row) = reject.value();
                    let received_at = row.id.received_at().unwrap_or_default();
                    if erased.include_document(tenant.client_id(), received_at, &row.original) {
                        continue;
                    }
                    for destination in tenant.destinations().skip(1) {
                        let rejects = sorted.unread.entry(destination.clone());
                        rejects.or_default().push(reject.clone());
                    }
                    let rejects = sorted.read.entry(tenant.destination().clone());
                    rejects.or_default().push(reject);
                    sorted.count += 1;
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

    /// Reads records again, with the present routes of their tenants.
    async fn read_again(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Vec<Entry>, ProcessorError> {
        let mut records = self.context.history.read_log(partition, range);
        let mut entries = Vec::new();
        while let Some(more) = records.next(CHUNK).await? {
            entries.extend(more);
        }
        self.context.current.confirm().await?;
        Ok(entries)
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
        mut entries: Vec<Entry>,
    ) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let Some(last) = entries.last() else { return Ok(()) };
        let first = entries.first().map_or(last.offset(), Entry::offset);
        let next = last.offset().next();
        let logged_at = last.log_time();
        let count = entries.len();
        let LogPlace { generation, partition, .. } = state.lease.next;
        // An id made of a wrong generation may be another reject's.
        self.context.current.confirm().await?;
        let mut pauses = Pauses::new("store rejects");
        let mut storing = Storing::new(&self.warehouse);
        loop {
            // Read with the routes: a person may be erased while this waits.
            let has_records = |tenant: &ClientId| {
                entries.iter().any(|entry| is_key_of(tenant, entry.record().key.as_deref()))
            };
            let erased = self.context.erasures.certain(&has_records).await;
            let sorted = self.sort(generation, entries, &erased);
            let Sorted { unread, read, routes, count: rejects } = sorted;
            match storing.store(unread, read, &routes).await {
                Ok(()) => {
                    let ledger = &self.context.ledger;
                    let lease = &state.lease;
                    let routes = routes.lowest();
                    let advance = || ledger.advance_on_routes(lease, next, logged_at, &routes);
                    match retry::ledger("advance the lease on rejects", advance).await {
                        // The announcement of the change may still be on its way.
                        Err(error @ ProcessorError::Rerouted) => {
                            storing.begin_again();
                            pauses.wait(&error).await;
                        }
                        advanced => {
                            state.lease = advanced?;
                            Counter::RejectsStored.add(&[], rejects);
                            break;
                        }
                    }
                }
                // A table may be gone because its tenant was moved.
                Err(error) => pauses.wait(&error).await,
            }
            entries = self.read_again(partition, first..next).await?;
        }
        self.context.report(&state.lease);
        Counter::RecordsProcessed.add(&[SINK], count as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    async fn on_quiet(&self, _state: &mut PartitionState) -> Result<(), ProcessorError> {
        Ok(())
    }
}
