use std::time::{Duration, Instant};

use aggregates::{Aggregates, AggregatesError, LiveBatch, Outcome};
use chrono::{DateTime, Utc};
use control_plane::{Lease, LedgerError};
use failpoints::Step;
use stream::{Entry, Offset, Partition};
use telemetry::{Counter, Histogram};
use tokio::time::timeout;

use super::{SINK, chains::Chains, deltas::deltas, reached::Reached};
use crate::{
    Parts, ProcessorError,
    member::{Gather, Log, Worker},
    record::{Decoded, Recent},
    retry::Pauses,
};

/// How often the ledger learns how far the fences are. It need not know at once: the fences are
/// the truth, and the ledger's offset only shows when Redis has lost some of them.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// How long it may take: counting goes on without it.
const NOTE_WITHIN: Duration = Duration::from_millis(500);

/// The sink to Redis.
pub(crate) struct Live {
    log: Log,
    topic: String,
    aggregates: Aggregates,
    chains: Chains,
    reached: Reached,
    gather: Gather,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    recent: Recent,
    /// The first offset of the next batch.
    next: Offset,
    /// The log's time of the last record applied.
    log_time: Option<DateTime<Utc>>,
    noted_at: Instant,
}

impl Live {
    pub(crate) fn new(parts: &Parts, log: Log) -> Self {
        let gather = Gather {
            limit: parts.settings.live_batch_records,
            weight: usize::MAX,
            wait: Duration::from_millis(parts.settings.live_batch_ms),
        };
        Self {
            topic: parts.kafka.events_topic.clone(),
            aggregates: parts.aggregates.clone(),
            chains: Chains::new(parts, log.clone()),
            reached: Reached::default(),
            log,
            gather,
        }
    }

    /// Applies the stretch `first` to `last`, cut wherever a bucket's fence lies within it.
    async fn apply(
        &self,
        lease: &Lease,
        first: Offset,
        last: Offset,
        records: &[Decoded],
    ) -> Result<(), ProcessorError> {
        let mut pending = vec![(first, last, records)];
        while let Some((first, last, records)) = pending.pop() {
            let Some(cut) = self.send(lease, first, last, records).await? else {
                continue;
            };
            if cut <= first || cut > last {
                return Err(ProcessorError::Retake("redis lost writes"));
            }
            let middle = records.partition_point(|record| record.offset < cut);
            let (before, after) = records.split_at(middle);
            pending.push((cut, last, after));
            pending.push((first, cut - 1, before));
        }
        Ok(())
    }

    /// Sends one stretch to every bucket; where to cut it when it could not be taken whole.
    async fn send(
        &self,
        lease: &Lease,
        first: Offset,
        last: Offset,
        records: &[Decoded],
    ) -> Result<Option<Offset>, ProcessorError> {
        let log_time = records.last().map_or_else(Utc::now, |record| record.log_time);
        let (kgen, partition) = (lease.kgen, lease.partition);
        let batch = LiveBatch { kgen, partition, first, last, log_time };
        let reached = self.reached.offsets();
        let mut pauses = Pauses::new("update live counters");
        loop {
            let outcomes = match self.aggregates.apply(&batch, &reached, deltas(records)).await {
                Ok(outcomes) => outcomes,
                Err(AggregatesError::BatchTooLarge(_)) if records.len() > 1 => {
                    return Ok(records.get(records.len() / 2).map(|record| record.offset));
                }
                Err(error) => {
                    pauses.wait(&error).await;
                    continue;
                }
            };
            let mut whole = true;
            for (bucket, outcome) in outcomes {
                match outcome {
                    Outcome::Applied => Counter::Batches.inc(&[SINK, "clean"]),
                    Outcome::AlreadyApplied => Counter::Batches.inc(&[SINK, "repeated"]),
                    Outcome::ChainBroken { fence: Some(fence) } => return Ok(Some(fence)),
                    Outcome::ChainBroken { fence: None } => {
                        self.chains.start(lease, bucket, None, first).await?;
                        whole = false;
                    }
                }
            }
            if whole {
                return Ok(None);
            }
        }
    }

    /// Tells the ledger how far the fences are. One that is away is told the next time; where only
    /// its answer was lost, it says then that the lease is.
    async fn note(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let noted = timeout(NOTE_WITHIN, self.try_to_note(claim)).await;
        claim.noted_at = Instant::now();
        match noted {
            Ok(Ok(())) => Ok(()),
            Ok(Err(LedgerError::Fenced)) => Err(LedgerError::Fenced.into()),
            Ok(Err(LedgerError::ControlPlane(error))) => {
                tracing::debug!(%error, "the ledger does not know how far the live counters are");
                Ok(())
            }
            Err(_) => {
                tracing::debug!("the ledger does not say whether it knows how far they are");
                Ok(())
            }
        }
    }

    async fn try_to_note(&self, claim: &mut Claim) -> Result<(), LedgerError> {
        self.reached.ask(&self.log.ledger, &self.topic).await?;
        let Some(as_of) = claim.log_time.filter(|_| claim.next > claim.lease.next_offset) else {
            return Ok(());
        };
        let (ledger, lease, next) = (&self.log.ledger, &claim.lease, claim.next);
        claim.lease = ledger.advance(lease, next, as_of).await?;
        Ok(())
    }

    fn reached(&self, claim: &Claim) {
        let (lease, as_of) = (&claim.lease, claim.log_time.or(claim.lease.as_of));
        self.reached.saw(lease.kgen, lease.partition, claim.next);
        self.log.progress.reached(lease.partition, lease.epoch, claim.next, as_of);
    }
}

impl Worker for Live {
    type Claim = Claim;

    fn gather(&self, _claim: &Claim) -> Gather {
        self.gather
    }

    async fn claim(&self, partition: Partition) -> Result<(Claim, Offset), ProcessorError> {
        let log = &self.log;
        let lease = log.ledger.take(SINK, log.kgen(), partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        self.reached.ask(&log.ledger, &self.topic).await?;
        let next = self.chains.join(&lease).await?;
        let recent = log.recent.take(log.kgen(), partition);
        let claim = Claim { lease, recent, next, log_time: None, noted_at: Instant::now() };
        self.reached(&claim);
        Ok((claim, next))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let Lease { kgen, partition, .. } = claim.lease;
        let history = &self.log.history;
        let mut standstill = history.standstill(partition);
        while let Err(error) = claim.recent.recall(history, kgen, claim.next).await {
            standstill.wait_out(error).await?;
        }
        Ok(())
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let records = claim.recent.decode(entries).await?;
        let Some(newest) = records.last() else {
            return Ok(());
        };
        failpoints::reach(Step::LiveBefore);
        self.apply(&claim.lease, claim.next, newest.offset, &records).await?;
        failpoints::reach(Step::LiveAfter);
        claim.next = newest.offset + 1;
        claim.log_time = Some(newest.log_time);
        self.reached(claim);
        let resends = records.iter().filter(|record| record.resend).count();
        Counter::ResendsDropped.add(&[SINK], resends as u64);
        Counter::RecordsProcessed.add(&[SINK], records.len() as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        if claim.noted_at.elapsed() >= NOTE_EVERY {
            self.note(claim).await?;
        }
        Ok(())
    }

    async fn idle(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        self.note(claim).await?;
        match self.chains.complete(&claim.lease, claim.next).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ProcessorError::Retake("redis lost writes while idle")),
            // Nothing waits for it here; whoever has records to count tells of it.
            Err(ProcessorError::Aggregates(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
