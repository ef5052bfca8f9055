use std::{
    collections::BTreeSet,
    mem,
    num::NonZero,
    ops::Range,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use control_plane::{Batch, BatchPlan, Group, Lease};
use failpoints::Step;
use log::{LogPlace, Offset, Partition};
use stream::{Entry, Producer};
use telemetry::Counter;
use tenancy::{ClientId, Destination};
use tokio::sync::Semaphore;

use super::{
    ahead::AheadOfLedger,
    draft::Draft,
    drafting::{Drafted, Drafting, Skipping},
    finish::{Finisher, Planned, too_much_poison},
    in_flight::InFlight,
    names::Seen,
    poison::log_poison,
    rejects,
    sizes::{Large, Sizes},
    tolerance::Tolerance,
};
use crate::{
    Dependencies, ProcessorError,
    halt::RECHECK,
    history::History,
    known_erasures::is_key_of,
    member::{Gather, Worker, WorkerContext},
    record::{Entries, Recent},
    retry::{self, Pauses},
};

/// The most records of a former owner's batch that are read at a time.
const CHUNK: usize = 10_000;

/// The store group's worker.
pub(crate) struct Store {
    context: WorkerContext,
    sizes: Sizes,
    /// As many drafts are made at a time as there are cores: more would only take up more memory.
    drafts: Semaphore,
    poison_limit: usize,
    finisher: Arc<Finisher>,
}

/// What the worker of a partition holds.
pub(crate) struct PartitionState {
    lease: Lease,
    recent: Recent,
    /// What a former owner planned and did not mark, in the order of the log.
    unmarked: Vec<Batch>,
    /// The first offset of the next batch.
    next: Offset,
    in_flight: InFlight,
    tolerance: Tolerance,
    ahead: AheadOfLedger,
    /// For the batch that is gathered.
    large: Option<Large>,
}

impl Store {
    pub(crate) fn new(
        dependencies: &Dependencies,
        context: WorkerContext,
    ) -> Result<Self, ProcessorError> {
        let settings = &dependencies.settings;
        let finisher = Finisher {
            context: context.clone(),
            topic: dependencies.kafka.events_topic.clone(),
            control_plane: dependencies.control_plane.clone(),
            warehouse: dependencies.warehouse.clone(),
            producer: Producer::new(&dependencies.kafka)?,
            seen: Arc::new(Seen::default()),
        };
        Ok(Self {
            context,
            sizes: Sizes::new(
                settings.store_batch_records,
                Duration::from_millis(settings.store_batch_ms),
                settings.store_memory_mib << 20,
            ),
            drafts: Semaphore::new(available_parallelism().map_or(1, NonZero::get)),
            poison_limit: settings.store_poison_limit,
            finisher: Arc::new(finisher),
        })
    }

    /// Finishes a batch that a former owner planned: none, some or all of its rows may be stored.
    async fn take_over(
        &self,
        state: &mut PartitionState,
        unmarked: Batch,
    ) -> Result<(), ProcessorError> {
        let Batch { plan, epoch, .. } = unmarked;
        let mut wait = self.context.history.wait(state.lease.next.partition);
        let draft = loop {
            match self.draft_again(state, &plan).await {
                Ok(draft) => break draft,
                Err(error) => wait.wait_out(error).await?,
            }
            state.in_flight.check_for_failure()?;
        };
        let range = state.lease.next.at(plan.first).to(plan.last);
        tracing::info!(%range, "finishing a former owner's batch");
        let in_doubt = draft.loads.iter().map(|load| load.destination.clone()).collect();
        self.begin_batch(state, epoch, draft, in_doubt, Instant::now());
        Ok(())
    }

    /// Reads the records of a batch again, as it was planned.
    async fn draft_again(
        &self,
        state: &mut PartitionState,
        plan: &BatchPlan,
    ) -> Result<Draft, ProcessorError> {
        let history = &self.context.history;
        let first = state.lease.next.at(plan.first);
        // An attempt that failed has remembered the ids of some of them.
        state.recent.recall(history, first).await?;
        let mut entries = Vec::new();
        let mut range = history.read(first.to(plan.last));
        while let Some(more) = range.next(CHUNK).await? {
            entries.extend(more);
        }
        let skipping = Skipping::Planned(plan.clone());
        let Drafted { draft, .. } = self.draft(state, first, &entries.into(), skipping).await?;
        self.context.current.confirm().await?;
        let rows = |plan: &BatchPlan| plan.destinations.iter().map(|planned| planned.rows).sum();
        let found = draft.as_ref().map_or(0, |draft| rows(&draft.plan));
        draft.filter(|draft| draft.plan.is_same_as(plan)).ok_or_else(|| {
            ProcessorError::PlanDiffers { range: first.to(plan.last), planned: rows(plan), found }
        })
    }

    /// Drafts the batch of the entries from `first` on.
    async fn draft(
        &self,
        state: &PartitionState,
        first: LogPlace,
        entries: &Entries,
        skipping: Skipping,
    ) -> Result<Drafted, ProcessorError> {
        let Finisher { warehouse, seen, .. } = &*self.finisher;
        let drafting = Drafting::new(warehouse, seen, first, entries, skipping);
        // Held until the draft is made. The semaphore is never closed.
        let _permit = self.drafts.acquire().await;
        state.recent.fold(Arc::clone(entries), drafting).await
    }

    /// Plans the next batch and begins it, as soon as one more may be under way.
    ///
    /// # Errors
    /// [`ProcessorError::Rerouted`]: nothing was planned, and the records have to be read again.
    async fn plan(
        &self,
        state: &mut PartitionState,
        mut draft: Draft,
        began: Instant,
    ) -> Result<(), ProcessorError> {
        let place = state.lease.next;
        // Published before the plan is written: after a crash in between, the next owner does both.
        let unreadable = mem::take(&mut draft.rejects);
        rejects::publish(&self.finisher.producer, unreadable).await;
        let Finisher { warehouse, topic, .. } = &*self.finisher;
        let in_doubt = state.ahead.of(warehouse, topic, &state.lease, &draft).await;
        state.in_flight.room().await?;
        let ledger = &self.context.ledger;
        let lease = &state.lease;
        retry::ledger("plan a batch", || ledger.plan(lease, &draft.plan)).await?;
        failpoints::reach(Step::Plan);
        let skip = &draft.plan.skip;
        Counter::ResendsDropped.add(&[Group::Store.as_str()], skip.duplicates.len());
        log_poison(place.partition, &skip.poison);
        state.next = draft.plan.last.next();
        let epoch = state.lease.epoch;
        self.begin_batch(state, epoch, draft, in_doubt, began);
        Ok(())
    }

    fn begin_batch(
        &self,
        state: &mut PartitionState,
        epoch: u64,
        draft: Draft,
        in_doubt: BTreeSet<Destination>,
        began: Instant,
    ) {
        let finisher = Arc::clone(&self.finisher);
        let batch = Planned {
            lease: state.lease.clone(),
            epoch,
            draft,
            in_doubt,
            tolerance: state.tolerance.clone(),
            began,
            large: state.large.take(),
        };
        state.in_flight.begin(|turn| async move { finisher.finish(batch, turn).await });
    }

    /// Reads the records up to `end` that are not planned yet again, with the present routes of their tenants.
    async fn read_rerouted(
        &self,
        state: &PartitionState,
        end: Offset,
    ) -> Result<Vec<Entry>, ProcessorError> {
        let history = &self.context.history;
        let first = state.lease.next.at(state.next);
        let mut wait = history.wait(first.partition);
        loop {
            // The attempt has remembered the ids of the records.
            state.recent.recall_or_wait(history, first).await?;
            match self.read_from(first, end).await {
                Ok(entries) => return Ok(entries),
                Err(error) => wait.wait_out(error).await?,
            }
        }
    }

    async fn read_from(&self, first: LogPlace, end: Offset) -> Result<Vec<Entry>, ProcessorError> {
        let mut records = self.context.history.read(first.to(end.previous()));
        let mut entries = Vec::new();
        while let Some(more) = records.next(CHUNK).await? {
            entries.extend(more);
        }
        self.context.current.confirm().await?;
        Ok(entries)
    }

    /// Waits while the partition is halted, then reads the refused records again: what was wrong
    /// with them, such as an unknown tenant, may be corrected by then.
    async fn read_again_after_wait(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Vec<Entry>, ProcessorError> {
        let mut pauses = Pauses::new("read the records again that halt a partition");
        loop {
            tokio::time::sleep(RECHECK).await;
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
        let mut records = self.context.history.read_log(partition, range);
        let mut read = Vec::new();
        while let Some(entries) = records.next(CHUNK).await? {
            read.extend(entries);
        }
        self.context.current.confirm().await?;
        Ok(read)
    }
}

impl Worker for Store {
    type State = PartitionState;

    async fn gather(&self, state: &mut PartitionState) -> Gather {
        let progress = &self.context.progress;
        let end = progress.end(state.lease.next.partition);
        let waiting = end.map(|end| end - state.next);
        state.large = None;
        state.large = self.sizes.large(waiting).await;
        self.sizes.gather(waiting, progress.owned(), state.large.is_some())
    }

    fn history(&self) -> Option<&History> {
        Some(&self.context.history)
    }

    async fn take(&self, partition: Partition) -> Result<(PartitionState, Offset), ProcessorError> {
        let context = &self.context;
        let generation = context.generation();
        let ledger = &context.ledger;
        let lease = ledger.take(Group::Store, generation, partition, &context.owner).await?;
        failpoints::reach(Step::Take);
        let unmarked = ledger.planned(Group::Store, generation, partition).await?;
        let poison = ledger.poison_offsets(&lease, Tolerance::since(lease.next.offset)).await?;
        let next = unmarked.last().map_or(lease.next.offset, |last| last.plan.last.next());
        context.report(&lease);
        let state = PartitionState {
            in_flight: InFlight::new(lease.clone()),
            lease,
            recent: context.recent_ids.take(generation, partition),
            unmarked,
            next,
            tolerance: Tolerance::new(self.poison_limit, poison),
            ahead: AheadOfLedger::default(),
            large: None,
        };
        Ok((state, next))
    }

    async fn begin(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        let history = &self.context.history;
        let place = state.lease.next;
        history.wait_until_held(place.partition, place.offset).await?;
        for unmarked in mem::take(&mut state.unmarked) {
            self.take_over(state, unmarked).await?;
        }
        state.recent.recall_or_wait(history, place.at(state.next)).await
    }

    async fn process(
        &self,
        state: &mut PartitionState,
        mut entries: Vec<Entry>,
    ) -> Result<(), ProcessorError> {
        let began = Instant::now();
        let Some(end) = entries.last().map(|entry| entry.offset().next()) else { return Ok(()) };
        let partition = state.lease.next.partition;
        let mut halt = None;
        let mut reroutings = Pauses::new("plan a batch on the present routes of its tenants");
        loop {
            let first = state.lease.next.at(state.next);
            let has_records = |tenant: &ClientId| {
                entries.iter().any(|entry| is_key_of(tenant, entry.record().key.as_deref()))
            };
            let erased = self.context.erasures.certain(&has_records).await;
            let skipping = Skipping::Tolerated(state.tolerance.clone(), erased);
            let Drafted { draft, refused } =
                self.draft(state, first, &entries.into(), skipping).await?;
            if let Some(draft) = draft {
                halt = None;
                match self.plan(state, draft, began).await {
                    Err(error @ ProcessorError::Rerouted) => {
                        // The announcement of the change may still be on its way.
                        reroutings.wait(&error).await;
                        entries = self.read_rerouted(state, end).await?;
                        continue;
                    }
                    planned => planned?,
                }
            }
            let Some((offset, poison)) = refused else { return Ok(()) };
            halt.get_or_insert_with(|| too_much_poison(partition, offset, &poison.reason));
            // Meanwhile others need it.
            state.large = None;
            entries = self.read_again_after_wait(partition, offset..end).await?;
        }
    }

    async fn on_quiet(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        state.in_flight.check_for_failure()
    }

    async fn end(&self, state: &mut PartitionState) -> Result<(), ProcessorError> {
        state.in_flight.all().await
    }
}
