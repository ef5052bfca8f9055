use std::time::{Duration, Instant};

use aggregates::{
    Aggregates, AggregatesError, Bucket, ChainStart, LiveBatch, Outcome, whole_after,
};
use chrono::{DateTime, Utc};
use control_plane::Lease;
use events::RecentIds;
use failpoints::Step;
use stream::{Entry, Offset, Partition};
use telemetry::{Counter, Histogram};

use super::deltas::deltas;
use crate::{
    Parts, ProcessorError,
    member::{Gather, Log, Worker},
    record::{Decoded, decode, recall},
    retry::{self, Pauses},
};

const SINK: &str = "live";

/// How often the ledger learns how far the fences are. It need not know at once: the fences are
/// the truth, and the ledger's offset only shows when Redis has lost some of them.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// The sink to Redis.
pub(crate) struct Live {
    log: Log,
    partitions: u16,
    aggregates: Aggregates,
    gather: Gather,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    recent: RecentIds,
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
            log,
            partitions: parts.kafka.partitions,
            aggregates: parts.aggregates.clone(),
            gather,
        }
    }

    /// The offset to read on from: the earliest that some bucket still needs. A bucket without a
    /// chain gets one, from where the ledger knows the work to be.
    async fn join_chains(&self, lease: &Lease) -> Result<Offset, ProcessorError> {
        let fences = self.aggregates.fences(lease.kgen, lease.partition).await?;
        let begin = match lease.next_offset {
            0 => self.log.reader.bounds(lease.partition).await?.start,
            next => next,
        };
        let mut earliest = begin;
        for (bucket, fence) in fences {
            match fence {
                Some(fence) => earliest = earliest.min(fence),
                None => self.start_chain(lease, bucket, begin).await?,
            }
        }
        if earliest < lease.next_offset {
            let (partition, noted) = (lease.partition, lease.next_offset);
            tracing::warn!(partition, noted, earliest, "redis lost writes, reading them again");
        }
        Ok(earliest)
    }

    async fn start_chain(
        &self,
        lease: &Lease,
        bucket: Bucket,
        next_offset: Offset,
    ) -> Result<(), ProcessorError> {
        let whole_from = match next_offset {
            0 => DateTime::UNIX_EPOCH,
            // Whatever was logged by now may be missing from the counters.
            _ => whole_after(Utc::now()),
        };
        let start = ChainStart {
            kgen: lease.kgen,
            partition: lease.partition,
            partitions: self.partitions,
            seen: None,
            next_offset,
            whole_from,
        };
        tracing::info!(%bucket, lease.partition, next_offset, %whole_from, "starting a chain");
        if self.aggregates.start_chain(bucket, &start).await? {
            Ok(())
        } else {
            Err(ProcessorError::Retake("somebody else started the chain"))
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
        let mut pauses = Pauses::new("update live counters");
        let outcomes = loop {
            match self.aggregates.apply(&batch, deltas(records)).await {
                Ok(outcomes) => break outcomes,
                Err(AggregatesError::BatchTooLarge(_)) if records.len() > 1 => {
                    return Ok(records.get(records.len() / 2).map(|record| record.offset));
                }
                Err(error) => pauses.wait(&error).await,
            }
        };
        for (_, outcome) in outcomes {
            match outcome {
                Outcome::Applied => Counter::Batches.inc(&[SINK, "clean"]),
                Outcome::AlreadyApplied => Counter::Batches.inc(&[SINK, "repeated"]),
                Outcome::ChainBroken { fence: Some(fence) } => return Ok(Some(fence)),
                Outcome::ChainBroken { fence: None } => {
                    return Err(ProcessorError::Retake("redis lost the chain"));
                }
            }
        }
        Ok(None)
    }

    /// Tells the ledger how far the fences are.
    async fn note(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        claim.noted_at = Instant::now();
        let Some(as_of) = claim.log_time.filter(|_| claim.next > claim.lease.next_offset) else {
            return Ok(());
        };
        let (ledger, lease, next) = (&self.log.ledger, &claim.lease, claim.next);
        let noted = retry::ledger("note how far the live counters are", || {
            ledger.advance(lease, next, as_of)
        });
        claim.lease = noted.await?;
        Ok(())
    }

    fn reached(&self, claim: &Claim) {
        let (lease, as_of) = (&claim.lease, claim.log_time.or(claim.lease.as_of));
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
        let next = self.join_chains(&lease).await?;
        let recent = RecentIds::new();
        let claim = Claim { lease, recent, next, log_time: None, noted_at: Instant::now() };
        self.reached(&claim);
        Ok((claim, next))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let Lease { kgen, partition, .. } = claim.lease;
        claim.recent = recall(&self.log.history, kgen, partition, claim.next).await?;
        Ok(())
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let records: Vec<_> =
            entries.into_iter().map(|entry| decode(entry, &mut claim.recent)).collect();
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
        let (kgen, partition) = (claim.lease.kgen, claim.lease.partition);
        let fences = self.aggregates.fences(kgen, partition).await?;
        let whole = fences.iter().all(|(_, fence)| fence.is_some_and(|fence| fence >= claim.next));
        if whole { Ok(()) } else { Err(ProcessorError::Retake("redis lost writes while idle")) }
    }
}
