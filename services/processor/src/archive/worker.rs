use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use archive::{Archive, ArchiveError, Object, ObjectKey, Stored};
use chrono::{DateTime, Utc};
use control_plane::{Archived, Batch, BatchPlan, Lease, Skip};
use failpoints::Step;
use stream::{Entry, Offset, Partition};
use telemetry::{Counter, Gauge, Histogram};

use super::{
    memory::Memory,
    pending::{Cut, Pending},
};
use crate::{
    Parts, ProcessorError,
    history::as_archived,
    member::{Gather, Log, Worker, weigh},
    retry::{self, Pauses},
};

const SINK: &str = "archive";

/// Records that are read at a time.
pub(super) const CHUNK: usize = 1_000;

/// How long the first record of a chunk waits for others.
const CHUNK_WAIT: Duration = Duration::from_millis(100);

/// The sink to the archive.
pub(crate) struct Archiver {
    pub(super) log: Log,
    pub(super) archive: Archive,
    pub(super) cut: Cut,
    pub(super) memory: Memory,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    pub(super) lease: Lease,
    /// Where the log began when the partition was taken.
    pub(super) start: Offset,
    pub(super) pending: Pending,
    /// What a former owner planned and did not mark.
    left: Option<Batch>,
}

impl Archiver {
    pub(crate) fn new(parts: &Parts, log: Log) -> Self {
        let settings = &parts.settings;
        let cut = Cut {
            records: settings.archive_batch_records,
            bytes: settings.archive_batch_mib << 20,
            wait: Duration::from_millis(settings.archive_batch_ms),
        };
        let memory = Memory::new(settings.archive_memory_mib);
        Self { log, archive: parts.archive.clone(), cut, memory }
    }

    /// Makes an object of what is pending, if anything is.
    async fn archive(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let Some(last) = claim.pending.records.last() else {
            return Ok(());
        };
        let began = Instant::now();
        let (ledger, lease) = (&self.log.ledger, &claim.lease);
        let (first, skip) = (lease.next_offset, Skip::default());
        let plan = BatchPlan { first, last: last.offset, skip, destinations: Vec::new() };
        retry::ledger("plan an object", || ledger.plan(lease, &plan)).await?;
        failpoints::reach(Step::Plan);
        let records = claim.pending.records.len();
        self.finish(claim, claim.key(plan.last)).await?;
        Counter::RecordsProcessed.add(&[SINK], records as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    /// The same, once the first record has waited long enough.
    async fn archive_due(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        if claim.pending.is_due(&self.cut) { self.archive(claim).await } else { Ok(()) }
    }

    /// Takes the planned object `key`, of what is pending, to its mark.
    pub(super) async fn finish(
        &self,
        claim: &mut Claim,
        key: ObjectKey,
    ) -> Result<(), ProcessorError> {
        // The room is given back once the object is marked.
        let Pending { records, room: _room, .. } = std::mem::take(&mut claim.pending);
        let logged = times(records.iter().map(|record| record.log_time));
        let object = tokio::task::spawn_blocking(move || {
            let records: Vec<_> = records.iter().map(as_archived).collect();
            Object::write(key, &records)
        });
        let object = object.await.map_err(ProcessorError::Worker)??;
        failpoints::reach(Step::ArchiveBefore);
        let stored = self.put(&object).await;
        failpoints::reach(Step::ArchiveAfter);
        self.mark(claim, key, stored, logged).await
    }

    /// Marks the planned batch, and vouches for its object.
    pub(super) async fn mark(
        &self,
        claim: &mut Claim,
        key: ObjectKey,
        stored: Stored,
        logged: RangeInclusive<DateTime<Utc>>,
    ) -> Result<(), ProcessorError> {
        let ObjectKey { kgen, partition, first, last } = key;
        let Stored { records, bytes, sha256 } = stored;
        let (logged_from, logged_to) = logged.into_inner();
        let object = Archived {
            kgen,
            partition,
            first,
            last,
            records,
            bytes,
            sha256,
            logged_from,
            logged_to,
        };
        let (ledger, lease) = (&self.log.ledger, &claim.lease);
        let marked =
            retry::ledger("mark an object", || ledger.mark_archived(lease, &object)).await?;
        failpoints::reach(Step::Mark);
        claim.lease = marked;
        self.reached(claim);
        Ok(())
    }

    /// Puts an object, however long the archive is away.
    async fn put(&self, object: &Object) -> Stored {
        let mut pauses = Pauses::new("put an object into the archive");
        let mut halted = None;
        loop {
            match self.archive.put(object).await {
                Ok(stored) => {
                    Counter::Batches.inc(&[SINK, "clean"]);
                    return stored;
                }
                Err(error @ ArchiveError::Differs(_)) => {
                    halted.get_or_insert_with(|| Halted::tell(&error));
                    pauses.wait(&error).await;
                }
                Err(error) => pauses.wait(&error).await,
            }
        }
    }

    pub(super) fn reached(&self, claim: &Claim) {
        let lease = &claim.lease;
        self.log.progress.reached(lease.partition, lease.epoch, lease.next_offset, lease.as_of);
    }
}

impl Worker for Archiver {
    type Claim = Claim;

    fn gather(&self, _claim: &Claim) -> Gather {
        let (limit, wait) = (CHUNK.min(self.cut.records), CHUNK_WAIT.min(self.cut.wait));
        Gather { limit, weight: self.cut.bytes, wait }
    }

    async fn claim(&self, partition: Partition) -> Result<(Claim, Offset), ProcessorError> {
        let log = &self.log;
        let lease = log.ledger.take(SINK, log.kgen(), partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        // One at a time is planned.
        let left = log.ledger.planned(SINK, log.kgen(), partition).await?.into_iter().next();
        let next = left.as_ref().map_or(lease.next_offset, |left| left.plan.last + 1);
        let start = log.reader.bounds(partition).await?.start;
        let claim = Claim { lease, start, pending: Pending::default(), left };
        self.reached(&claim);
        Ok((claim, next.max(start)))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        if let Some(left) = claim.left.take() {
            self.take_over(claim, left).await?;
        }
        self.skip_lost(claim).await
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        if claim.pending.is_full_with(&entries, &self.cut) {
            self.archive(claim).await?;
        }
        let bytes = weigh(&entries);
        let room = match self.memory.try_take(bytes) {
            Some(room) => room,
            None => {
                // Others hold the rest, and may wait for what is held here.
                self.archive(claim).await?;
                self.memory.take(bytes).await
            }
        };
        claim.pending.add(&entries, room);
        self.archive_due(claim).await
    }

    async fn idle(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        self.archive_due(claim).await
    }
}

impl Claim {
    /// The object of the next batch, if that ends at `last`.
    pub(super) fn key(&self, last: Offset) -> ObjectKey {
        let Lease { kgen, partition, next_offset: first, .. } = self.lease;
        ObjectKey { kgen, partition, first, last }
    }
}

/// From the earliest to the latest.
pub(super) fn times(
    times: impl Iterator<Item = DateTime<Utc>> + Clone,
) -> RangeInclusive<DateTime<Utc>> {
    times.clone().min().unwrap_or_default()..=times.max().unwrap_or_default()
}

/// A partition that stands still until an operator helps.
struct Halted;

impl Halted {
    fn tell(error: &ArchiveError) -> Self {
        tracing::error!(%error, "move that object away: the log's records will take its place");
        Gauge::PartitionsHalted.add(&[SINK], 1);
        Self
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        Gauge::PartitionsHalted.add(&[SINK], -1);
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
