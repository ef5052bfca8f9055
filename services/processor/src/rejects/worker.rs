use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use control_plane::Lease;
use events::EventIds;
use failpoints::Step;
use stream::{Entry, Offset, Partition};
use telemetry::{Counter, Histogram};
use tenancy::{Destination, Scoped};
use warehouse::{LogPlace, RejectedEvent, Warehouse};

use super::kept::kept;
use crate::{
    Parts, ProcessorError,
    member::{Gather, Log, Worker},
    retry::{self, Pauses},
};

const SINK: &str = "rejects";

/// Rejects are few, and each may fill a whole request: small batches, without haste.
const GATHER: Gather = Gather { limit: 1_000, weight: 8 << 20, wait: Duration::from_millis(200) };

/// The sink of refused events.
///
/// A batch is written until the server has taken it, and only then the lease moves on. Whoever
/// takes the partition in between writes it again, which changes nothing: a reject's key is made
/// of its place in the log.
pub(crate) struct Rejects {
    log: Log,
    warehouse: Warehouse,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    /// The first offset that is not yet done.
    next: Offset,
}

type Kept = BTreeMap<Destination, Vec<Scoped<(LogPlace, RejectedEvent)>>>;

impl Rejects {
    pub(crate) fn new(parts: &Parts, log: Log) -> Self {
        Self { log, warehouse: parts.warehouse.clone() }
    }

    /// Where to read on: where the last owner stopped, or at the beginning of the log. What left
    /// the log unread is nowhere else and will not come back, so that waiting would lose more.
    async fn start(&self, lease: &Lease) -> Result<Offset, ProcessorError> {
        let (partition, next) = (lease.partition, lease.next_offset);
        let first = self.log.reader.bounds(partition).await?.start;
        if (1..first).contains(&next) {
            tracing::error!(partition, next, first, "rejects have left the log unread");
        }
        Ok(next.max(first))
    }

    /// Takes records apart by the tables they go to.
    fn sort(&self, kgen: u16, entries: Vec<Entry>) -> Kept {
        let mut sorted = Kept::new();
        for entry in entries {
            match entry {
                Entry::Record(record) => {
                    let destination = record.tenant().destination().clone();
                    let ids = EventIds::of(record.tenant().client_id());
                    let reject = record.map(|record| kept(kgen, ids, &record));
                    sorted.entry(destination).or_default().push(reject);
                }
                Entry::Unresolved(nobodys) => {
                    let (partition, offset) = (nobodys.record.partition, nobodys.record.offset);
                    let reason = nobodys.reason.as_str();
                    tracing::error!(partition, offset, reason, "a reject is nobody's");
                    Counter::PoisonRecords.inc(&[SINK]);
                }
            }
        }
        sorted
    }

    /// Returns when all are there, however long that takes.
    async fn keep(&self, sorted: Kept) {
        let mut pauses = Pauses::new("keep rejects");
        for (destination, rejects) in sorted {
            let rejects = Scoped::group(rejects);
            while let Err(error) = self.warehouse.keep_rejects(&destination, &rejects).await {
                pauses.wait(&error).await;
            }
            let count: usize = rejects.iter().map(|group| group.value().len()).sum();
            Counter::RejectsKept.add(&[], count as u64);
        }
    }

    fn reached(&self, claim: &Claim) {
        let lease = &claim.lease;
        self.log.progress.reached(lease.partition, lease.epoch, claim.next, lease.as_of);
    }
}

impl Worker for Rejects {
    type Claim = Claim;

    fn gather(&self, _claim: &Claim) -> Gather {
        GATHER
    }

    async fn claim(&self, partition: Partition) -> Result<(Claim, Offset), ProcessorError> {
        let log = &self.log;
        let lease = log.ledger.take(SINK, log.kgen(), partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        let next = self.start(&lease).await?;
        let claim = Claim { lease, next };
        self.reached(&claim);
        Ok((claim, next))
    }

    async fn begin(&self, _claim: &mut Claim) -> Result<(), ProcessorError> {
        Ok(())
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let (began, count) = (Instant::now(), entries.len());
        let Some((last, logged_at)) = entries.last().map(|last| (last.offset(), last.log_time()))
        else {
            return Ok(());
        };
        // An id that holds a wrong generation may be another reject's.
        self.log.generation.confirm().await?;
        let sorted = self.sort(claim.lease.kgen, entries);
        self.keep(sorted).await;
        let (ledger, lease, next) = (&self.log.ledger, &claim.lease, last + 1);
        let advanced = retry::ledger("move on", || ledger.advance(lease, next, logged_at)).await?;
        *claim = Claim { lease: advanced, next };
        self.reached(claim);
        Counter::RecordsProcessed.add(&[SINK], count as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        Ok(())
    }

    async fn idle(&self, _claim: &mut Claim) -> Result<(), ProcessorError> {
        Ok(())
    }
}
