use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use control_plane::{Batch, ControlPlane, ControlPlaneError, Lease};
use events::RecentIds;
use failpoints::Step;
use stream::{Entry, Offset, Partition};
use telemetry::{Counter, Histogram};
use tokio::task::JoinSet;
use warehouse::{InsertBatch, Warehouse};

use super::{
    draft::{Draft, Load},
    land::{Landing, land, settle},
    seen::Seen,
};
use crate::{
    Parts, ProcessorError,
    member::{Gather, Log, Worker, read},
    record::{Decoded, decode, recall},
    retry::{self, Pauses},
};

const SINK: &str = "store";

/// The sink to ClickHouse.
pub(crate) struct Store {
    log: Log,
    topic: String,
    control_plane: ControlPlane,
    warehouse: Warehouse,
    gather: Gather,
    seen: Seen,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    recent: RecentIds,
    /// What a former owner planned and did not mark.
    left: Option<Batch>,
}

/// Whether a batch may have been sent before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Never,
    Perhaps,
}

impl Store {
    pub(crate) fn new(parts: &Parts, log: Log) -> Self {
        let gather = Gather {
            limit: parts.settings.store_batch_records,
            wait: Duration::from_millis(parts.settings.store_batch_ms),
        };
        Self {
            log,
            topic: parts.kafka.events_topic.clone(),
            control_plane: parts.control_plane.clone(),
            warehouse: parts.warehouse.clone(),
            gather,
            seen: Seen::default(),
        }
    }

    /// Finishes the batch that a former owner planned: it may have sent none, some or all of it.
    async fn take_over(&self, claim: &mut Claim, left: Batch) -> Result<(), ProcessorError> {
        let (plan, partition) = (left.plan, claim.lease.partition);
        let mut records = Vec::new();
        let mut range = self.log.reader.read_range(partition, plan.first..plan.last + 1)?;
        while let Some(entries) = read(&mut range, self.gather.limit).await? {
            records.extend(entries.into_iter().map(|entry| decode(entry, &mut claim.recent)));
        }
        let draft = Draft::with_skip(plan.first, &records, plan.skip.clone());
        if draft.plan != plan {
            let rows = |plan: &control_plane::BatchPlan| {
                plan.destinations.iter().map(|planned| planned.rows).sum()
            };
            return Err(ProcessorError::PlanDiffers {
                partition,
                first: plan.first,
                last: plan.last,
                planned: rows(&plan),
                found: rows(&draft.plan),
            });
        }
        tracing::info!(partition, plan.first, plan.last, "finishing what was left behind");
        self.finish(claim, draft, Sent::Perhaps).await
    }

    /// Takes a planned batch to its mark.
    async fn finish(
        &self,
        claim: &mut Claim,
        draft: Draft,
        sent: Sent,
    ) -> Result<(), ProcessorError> {
        self.list(&draft).await;
        let (last, as_of) = (draft.plan.last, *draft.logged.end());
        failpoints::reach(Step::StoreBefore);
        self.land(claim, draft, sent).await?;
        failpoints::reach(Step::StoreAfter);
        let lease = &claim.lease;
        let ledger = &self.log.ledger;
        let marked = retry::ledger("mark a batch", || ledger.mark(lease, last, as_of)).await?;
        failpoints::reach(Step::Mark);
        claim.lease = marked;
        self.reached(claim);
        Ok(())
    }

    /// Lists campaigns and products seen for the first time. The lists are a convenience: what
    /// PostgreSQL cannot take does not hold up the events.
    async fn list(&self, draft: &Draft) {
        let mut pauses = Pauses::new("list campaigns and products");
        for load in &draft.loads {
            while let Err(error) =
                self.seen.list(&self.control_plane, load, *draft.logged.start()).await
            {
                if !matches!(error, ControlPlaneError::Unavailable(_)) {
                    tracing::error!(%error, "could not list campaigns and products");
                    break;
                }
                pauses.wait(&error).await;
            }
        }
    }

    /// Inserts every load, at the same time, and returns when all are there.
    async fn land(&self, claim: &Claim, draft: Draft, sent: Sent) -> Result<(), ProcessorError> {
        let mut landings = JoinSet::new();
        let (plan, logged) = (draft.plan, Arc::new(draft.logged));
        for load in draft.loads {
            let batch = self.insert_batch(&claim.lease, plan.first, plan.last, &load);
            let (warehouse, logged) = (self.warehouse.clone(), Arc::clone(&logged));
            landings.spawn(async move {
                match sent {
                    Sent::Never => land(&warehouse, batch, &load, &logged).await,
                    Sent::Perhaps => settle(&warehouse, batch, &load, &logged).await,
                }
            });
        }
        while let Some(landing) = landings.join_next().await {
            let landing: Landing = landing.map_err(ProcessorError::Worker)?;
            Counter::Batches.inc(&[SINK, landing.as_str()]);
        }
        Ok(())
    }

    fn insert_batch(&self, lease: &Lease, first: Offset, last: Offset, load: &Load) -> InsertBatch {
        InsertBatch {
            kgen: lease.kgen,
            topic: self.topic.clone(),
            partition: lease.partition,
            first,
            last,
            destination: load.destination.clone(),
            repair: 0,
        }
    }

    fn reached(&self, claim: &Claim) {
        let lease = &claim.lease;
        self.log.progress.reached(lease.partition, lease.epoch, lease.next_offset);
    }
}

impl Worker for Store {
    type Claim = Claim;

    fn gather(&self) -> Gather {
        self.gather
    }

    async fn claim(&self, partition: Partition) -> Result<(Claim, Offset), ProcessorError> {
        let log = &self.log;
        let lease = log.ledger.take(SINK, log.kgen, partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        let left = log.ledger.planned(SINK, log.kgen, partition).await?;
        let next = left.as_ref().map_or(lease.next_offset, |left| left.plan.last + 1);
        let claim = Claim { lease, recent: RecentIds::new(), left };
        self.reached(&claim);
        Ok((claim, next))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let lease = &claim.lease;
        claim.recent = recall(&self.log.reader, lease.partition, lease.next_offset).await?;
        match claim.left.take() {
            Some(left) => self.take_over(claim, left).await,
            None => Ok(()),
        }
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let records: Vec<_> =
            entries.into_iter().map(|entry| decode(entry, &mut claim.recent)).collect();
        let draft = Draft::new(claim.lease.next_offset, &records);
        let skip = &draft.plan.skip;
        Counter::ResendsDropped.add(&[SINK], skip.duplicates.len());
        Counter::PoisonRecords.add(&[SINK], skip.poison.len() as u64);
        if let Some(poison) = skip.poison.first() {
            let (partition, set_aside) = (claim.lease.partition, skip.poison.len());
            tracing::error!(partition, set_aside, poison.offset, poison.reason, "poison records");
        }
        let (ledger, lease) = (&self.log.ledger, &claim.lease);
        retry::ledger("plan a batch", || ledger.plan(lease, &draft.plan)).await?;
        failpoints::reach(Step::Plan);
        let deliveries = deliveries(&records);
        self.finish(claim, draft, Sent::Never).await?;
        Counter::RecordsProcessed.add(&[SINK], records.len() as u64);
        Histogram::BatchSeconds.observe(&[SINK], began.elapsed());
        if let Some(received_at) = deliveries {
            let took = (chrono::Utc::now() - received_at).to_std().unwrap_or_default();
            Histogram::DeliverySeconds.observe(&[SINK], took);
        }
        Ok(())
    }

    async fn idle(&self, _claim: &mut Claim) -> Result<(), ProcessorError> {
        Ok(())
    }
}

/// When the oldest event of a batch came in.
fn deliveries(records: &[Decoded]) -> Option<chrono::DateTime<chrono::Utc>> {
    records.iter().filter_map(Decoded::first).map(|event| event.value().received_at).min()
}
