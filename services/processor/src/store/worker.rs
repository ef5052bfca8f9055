use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::Range,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use control_plane::{Batch, BatchPlan, Lease};
use failpoints::Step;
use stream::{Entry, Offset, Partition, Producer};
use telemetry::Counter;
use tenancy::Destination;

use super::{
    draft::Draft,
    finish::{Finisher, Planned, admits, logged_since, told},
    in_flight::InFlight,
    rejects::{self, Place},
    seen::Seen,
    sizes::Sizes,
    tolerance::{Halted, Tolerance},
};
use crate::{
    Parts, ProcessorError,
    history::History,
    member::{Gather, Log, Worker},
    record::{Decoded, Recent},
    retry::{self, Pauses},
};

pub(super) const SINK: &str = "store";

/// Records of a left batch that are read at a time.
const CHUNK: usize = 10_000;

/// The sink to ClickHouse.
pub(crate) struct Store {
    log: Log,
    sizes: Sizes,
    poison_limit: usize,
    finisher: Arc<Finisher>,
}

/// What the worker of a partition holds.
pub(crate) struct Claim {
    lease: Lease,
    recent: Recent,
    /// What a former owner planned and did not mark, in the order of the log.
    left: Vec<Batch>,
    /// The first offset of the next batch.
    next: Offset,
    in_flight: InFlight,
    tolerance: Arc<Mutex<Tolerance>>,
    /// Up to where each destination had rows when it was first met: the ledger may have been put
    /// back to an older state than the tables.
    ahead: BTreeMap<Destination, Option<Offset>>,
}

impl Store {
    pub(crate) fn new(parts: &Parts, log: Log) -> Result<Self, ProcessorError> {
        let settings = &parts.settings;
        let finisher = Finisher {
            log: log.clone(),
            topic: parts.kafka.events_topic.clone(),
            control_plane: parts.control_plane.clone(),
            warehouse: parts.warehouse.clone(),
            producer: Producer::new(&parts.kafka)?,
            seen: Seen::default(),
        };
        Ok(Self {
            log,
            sizes: Sizes {
                records: settings.store_batch_records,
                wait: Duration::from_millis(settings.store_batch_ms),
                memory: settings.store_memory_mib << 20,
            },
            poison_limit: settings.store_poison_limit,
            finisher: Arc::new(finisher),
        })
    }

    /// Finishes a batch that a former owner planned: it may have sent none, some or all of it.
    async fn take_over(&self, claim: &mut Claim, left: Batch) -> Result<(), ProcessorError> {
        let (Batch { plan, epoch, .. }, partition) = (left, claim.lease.partition);
        let mut standstill = self.log.history.standstill(partition);
        let draft = loop {
            match self.draft_again(claim, &plan).await {
                Ok(draft) => break draft,
                Err(error) => standstill.wait_out(error).await?,
            }
            claim.in_flight.look()?;
        };
        tracing::info!(partition, plan.first, plan.last, "finishing what was left behind");
        let doubtful = draft.loads.iter().map(|load| load.destination.clone()).collect();
        self.begin_batch(claim, epoch, draft, doubtful, Instant::now());
        Ok(())
    }

    /// Reads the records of a batch again, as it was planned.
    async fn draft_again(
        &self,
        claim: &mut Claim,
        plan: &BatchPlan,
    ) -> Result<Draft, ProcessorError> {
        let Lease { kgen, partition, .. } = claim.lease;
        let history = &self.log.history;
        // An attempt that failed has remembered some of them.
        claim.recent.recall(history, kgen, plan.first).await?;
        let mut records = Vec::new();
        let mut range = history.read_log(partition, plan.first..plan.last + 1);
        while let Some(entries) = range.next(CHUNK).await? {
            records.extend(claim.recent.decode(entries).await?);
        }
        self.log.generation.confirm().await?;
        let draft = Draft::with_skip(plan.first, &records, plan.skip.clone());
        if draft.plan == *plan {
            return Ok(draft);
        }
        let rows = |plan: &BatchPlan| plan.destinations.iter().map(|planned| planned.rows).sum();
        Err(ProcessorError::PlanDiffers {
            partition,
            first: plan.first,
            last: plan.last,
            planned: rows(plan),
            found: rows(&draft.plan),
        })
    }

    /// Plans the next batch and sets it going, as soon as there is room for one more.
    async fn plan(
        &self,
        claim: &mut Claim,
        records: Vec<Decoded>,
        began: Instant,
    ) -> Result<(), ProcessorError> {
        if records.is_empty() {
            return Ok(());
        }
        let Lease { kgen, partition, .. } = claim.lease;
        let draft = Draft::new(claim.next, &records);
        let skip = &draft.plan.skip;
        Counter::ResendsDropped.add(&[SINK], skip.duplicates.len());
        told(partition, &skip.poison);
        // Before the plan: a crash in between leads here again, and not past it.
        let unreadable = Place { kgen, partition }.unreadable(&records);
        rejects::publish(&self.finisher.producer, unreadable).await;
        drop(records);
        let doubtful = self.ahead(claim, &draft).await;
        claim.in_flight.room().await?;
        let (ledger, lease) = (&self.log.ledger, &claim.lease);
        retry::ledger("plan a batch", || ledger.plan(lease, &draft.plan)).await?;
        failpoints::reach(Step::Plan);
        claim.next = draft.plan.last + 1;
        let epoch = claim.lease.epoch;
        self.begin_batch(claim, epoch, draft, doubtful, began);
        Ok(())
    }

    fn begin_batch(
        &self,
        claim: &mut Claim,
        epoch: u64,
        draft: Draft,
        doubtful: BTreeSet<Destination>,
        began: Instant,
    ) {
        let finisher = Arc::clone(&self.finisher);
        let (lease, tolerance) = (claim.lease.clone(), Arc::clone(&claim.tolerance));
        let batch = Planned { lease, epoch, draft, doubtful, tolerance, began };
        claim.in_flight.begin(|turn| async move { finisher.finish(batch, turn).await });
    }

    /// The batch's destinations that have rows at its first offset or beyond, though the ledger
    /// knows of none.
    async fn ahead(&self, claim: &mut Claim, draft: &Draft) -> BTreeSet<Destination> {
        let (first, last) = (draft.plan.first, draft.plan.last);
        let since = logged_since(*draft.logged.start());
        let mut doubtful = BTreeSet::new();
        for load in &draft.loads {
            let destination = &load.destination;
            let highest = match claim.ahead.get(destination) {
                Some(highest) => *highest,
                None => {
                    let (lease, range) = (&claim.lease, first..=last);
                    let finisher = &self.finisher;
                    let batch = finisher.insert_batch(lease, lease.epoch, range, destination);
                    let highest = finisher.highest(&batch, since).await;
                    claim.ahead.insert(destination.clone(), highest);
                    highest
                }
            };
            if highest.is_some_and(|highest| highest >= first) {
                let partition = claim.lease.partition;
                tracing::warn!(partition, first, highest, "the tables are ahead of the ledger");
                doubtful.insert(destination.clone());
            }
        }
        doubtful
    }

    /// Stands still for a while, then reads the records again that were not taken: what could not be
    /// told of them may be known by then.
    async fn stand_still(
        &self,
        halted: &Halted,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Vec<Entry>, ProcessorError> {
        let mut pauses = Pauses::new("read the records again that a partition stands still at");
        loop {
            halted.wait().await;
            match self.read_again(partition, range.clone()).await {
                Err(error) if error.remedy().is_some() => pauses.wait(&error).await,
                read => return read,
            }
        }
    }

    async fn read_again(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Vec<Entry>, ProcessorError> {
        let mut stretch = self.log.history.read_log(partition, range);
        let mut records = Vec::new();
        while let Some(entries) = stretch.next(CHUNK).await? {
            records.extend(entries);
        }
        self.log.generation.confirm().await?;
        Ok(records)
    }
}

impl Worker for Store {
    type Claim = Claim;

    fn gather(&self, claim: &Claim) -> Gather {
        let progress = &self.log.progress;
        let end = progress.end(claim.lease.partition);
        self.sizes.gather(end.map(|end| end.saturating_sub(claim.next)), progress.owned())
    }

    fn history(&self) -> Option<&History> {
        Some(&self.log.history)
    }

    async fn claim(&self, partition: Partition) -> Result<(Claim, Offset), ProcessorError> {
        let (log, kgen) = (&self.log, self.log.kgen());
        let lease = log.ledger.take(SINK, kgen, partition, &log.owner).await?;
        failpoints::reach(Step::Take);
        let left = log.ledger.planned(SINK, kgen, partition).await?;
        let since = Tolerance::since(lease.next_offset);
        let set_aside = log.ledger.set_aside(&lease, since).await?;
        let next = left.last().map_or(lease.next_offset, |last| last.plan.last + 1);
        self.finisher.reached(&lease);
        let claim = Claim {
            in_flight: InFlight::new(lease.clone()),
            lease,
            recent: log.recent.take(kgen, partition),
            left,
            next,
            tolerance: Arc::new(Mutex::new(Tolerance::new(self.poison_limit, set_aside))),
            ahead: BTreeMap::new(),
        };
        Ok((claim, next))
    }

    async fn begin(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let Lease { kgen, partition, next_offset, .. } = claim.lease;
        let history = &self.log.history;
        history.stand_until_held(partition, next_offset).await?;
        for left in mem::take(&mut claim.left) {
            self.take_over(claim, left).await?;
        }
        let mut standstill = history.standstill(partition);
        while let Err(error) = claim.recent.recall(history, kgen, claim.next).await {
            standstill.wait_out(error).await?;
        }
        Ok(())
    }

    async fn process(&self, claim: &mut Claim, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let Some(end) = entries.last().map(|entry| entry.offset() + 1) else { return Ok(()) };
        let partition = claim.lease.partition;
        let (mut records, mut halted) = (Vec::with_capacity(entries.len()), None);
        let mut entries = entries;
        loop {
            let tolerance = Arc::clone(&claim.tolerance);
            let admits = move |offset| admits(&tolerance, [offset]);
            let (taken, refused) = claim.recent.decode_until(entries, admits).await?;
            if !taken.is_empty() {
                halted = None;
            }
            records.extend(taken);
            let Some((offset, poison)) = refused else { break };
            self.plan(claim, mem::take(&mut records), began).await?;
            let reason = &poison.reason;
            let halted = halted.get_or_insert_with(|| Halted::new(SINK, partition, offset, reason));
            entries = self.stand_still(halted, partition, offset..end).await?;
        }
        self.plan(claim, records, began).await
    }

    async fn idle(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        claim.in_flight.look()
    }

    async fn end(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        claim.in_flight.all().await
    }
}
