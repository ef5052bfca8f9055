use std::time::{Duration, Instant};

use archive::{Archive, ArchiveError, Object, ObjectKey, Stored};
use chrono::DateTime;
use control_plane::{Archived, Batch, BatchPlan, Lease, Skip};
use failpoints::Step;
use stream::{Entry, Offset, Partition, StreamError};
use telemetry::{Counter, Gauge, Histogram};

use super::{
    memory::Memory,
    pending::{Cut, Pending, weigh},
};
use crate::{
    Parts, ProcessorError,
    history::as_archived,
    member::{Gather, Log, Worker, read},
    retry::{self, Pauses},
};

const SINK: &str = "archive";

/// Records that are read at a time.
const CHUNK: usize = 1_000;

/// How long the first record of a chunk waits for others.
const CHUNK_WAIT: Duration = Duration::from_millis(100);

/// The sink to the archive.
pub(crate) struct Archiver {
    log: Log,
    archive: Archive,
    cut: Cut,
    memory: Memory,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    pending: Pending,
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

    /// Where the archive of a partition goes on. What has left the log before it was archived is
    /// lost to the archive: waiting would only make it more.
    async fn next_offset(&self, lease: Lease) -> Result<Lease, ProcessorError> {
        let (partition, next) = (lease.partition, lease.next_offset);
        let start = self.log.reader.bounds(partition).await?.start;
        if start <= next {
            return Ok(lease);
        }
        if next == 0 {
            tracing::info!(partition, start, "the archive begins where the log does");
        } else {
            tracing::error!(
                partition,
                first = next,
                last = start - 1,
                "records have left the log before they were archived"
            );
        }
        let as_of = lease.as_of.unwrap_or(DateTime::UNIX_EPOCH);
        let ledger = &self.log.ledger;
        retry::ledger("begin an archive", || ledger.advance(&lease, start, as_of)).await
    }

    /// Finishes what a former owner planned: the same records make the same object, so it does not
    /// matter whether it was put.
    async fn take_over(&self, claim: &mut Claim, left: Batch) -> Result<(), ProcessorError> {
        let (first, last, partition) = (left.plan.first, left.plan.last, claim.lease.partition);
        claim.pending.room = self.memory.take(self.cut.bytes).await;
        let mut range = self.log.reader.read_range(partition, first..last + 1)?;
        while let Some(entries) = read(&mut range, CHUNK).await? {
            claim.pending.add(&entries, Default::default());
        }
        if claim.pending.records.last().map(|record| record.offset) != Some(last) {
            return Err(StreamError::Gone { partition, offset: last }.into());
        }
        tracing::info!(partition, first, last, "finishing what was left behind");
        self.finish(claim).await
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
        self.finish(claim).await?;
        Counter::RecordsProcessed.add(&[SINK], records as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    /// Takes a planned object to its mark.
    async fn finish(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        // The room is given back once the object is marked.
        let Pending { records, room: _room, .. } = std::mem::take(&mut claim.pending);
        let lease = &claim.lease;
        let times = || records.iter().map(|record| record.log_time);
        let (logged_from, logged_to) =
            (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        let key = ObjectKey {
            kgen: lease.kgen,
            partition: lease.partition,
            first: lease.next_offset,
            last: records.last().map_or(lease.next_offset, |record| record.offset),
        };
        let object = tokio::task::spawn_blocking(move || {
            let records: Vec<_> = records.iter().map(as_archived).collect();
            Object::write(key, &records)
        });
        let object = object.await.map_err(ProcessorError::Worker)??;
        failpoints::reach(Step::ArchiveBefore);
        let Stored { records, bytes, sha256 } = self.put(&object).await;
        failpoints::reach(Step::ArchiveAfter);
        let ObjectKey { kgen, partition, first, last } = key;
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
        let ledger = &self.log.ledger;
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

    fn reached(&self, claim: &Claim) {
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
        let mut lease = log.ledger.take(SINK, log.kgen(), partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        // One at a time is planned.
        let left = log.ledger.planned(SINK, log.kgen(), partition).await?.into_iter().next();
        if left.is_none() {
            lease = self.next_offset(lease).await?;
        }
        let next = left.as_ref().map_or(lease.next_offset, |left| left.plan.last + 1);
        let claim = Claim { lease, pending: Pending::default(), left };
        self.reached(&claim);
        Ok((claim, next))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        match claim.left.take() {
            Some(left) => self.take_over(claim, left).await,
            None => Ok(()),
        }
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
        self.idle(claim).await
    }

    async fn idle(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        if claim.pending.is_due(&self.cut) { self.archive(claim).await } else { Ok(()) }
    }
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
