use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use control_plane::{ControlPlane, ControlPlaneError, Group, Lease, Poison};
use failpoints::Step;
use log::{LogPlace, LogRange, Offset};
use stream::Producer;
use telemetry::{Counter, Histogram, TraceSpan, in_span};
use tenancy::Destination;
use tokio::task::JoinSet;
use warehouse::{InsertBatch, Warehouse};

use super::{
    bisect::Refused,
    draft::{Draft, Load},
    in_flight::Turn,
    land::Shipment,
    names::Seen,
    poison::log_poison,
    rejects,
    sizes::Large,
    tolerance::Tolerance,
};
use crate::{
    ProcessorError,
    halt::{Halt, RECHECK},
    member::WorkerContext,
    retry,
};

const SINK: &str = Group::Store.as_str();

/// How long a batch waits until its new campaigns and products are listed.
const LISTING_TIME: Duration = Duration::from_secs(5);

/// Inserts and marks planned batches.
pub(super) struct Finisher {
    pub(super) context: WorkerContext,
    pub(super) topic: String,
    pub(super) control_plane: ControlPlane,
    pub(super) warehouse: Warehouse,
    pub(super) producer: Producer,
    pub(super) seen: Arc<Seen>,
}

/// A batch that is planned.
pub(super) struct Planned {
    /// The lease it is finished under.
    pub(super) lease: Lease,
    /// The epoch it was planned under: a former owner's, if that owner did not mark it.
    pub(super) epoch: u64,
    pub(super) draft: Draft,
    /// The destinations that may hold rows of it already.
    pub(super) in_doubt: BTreeSet<Destination>,
    pub(super) tolerance: Tolerance,
    /// When its first record arrived.
    pub(super) began: Instant,
    /// Held until it is marked, or halted.
    pub(super) large: Option<Large>,
}

impl Planned {
    fn range(&self) -> LogRange {
        let plan = &self.draft.plan;
        self.lease.next.at(plan.first).to(plan.last)
    }
}

impl Finisher {
    /// Inserts every row of the batch, and marks the batch once those before it are marked. Returns
    /// the lease, advanced.
    pub(super) async fn finish(
        &self,
        mut batch: Planned,
        turn: Turn,
    ) -> Result<Lease, ProcessorError> {
        self.list_names(&batch.draft).await;
        failpoints::reach(Step::StoreBefore);
        self.land_or_replan(&mut batch).await?;
        failpoints::reach(Step::StoreAfter);
        self.raise_data_versions(&batch.draft).await;
        let lease = turn.wait().await?;
        let last = batch.draft.plan.last;
        let as_of = *batch.draft.logged.end();
        let ledger = &self.context.ledger;
        let marked = retry::ledger("mark a batch", || ledger.mark(&lease, last, as_of)).await?;
        failpoints::reach(Step::Mark);
        self.context.report(&marked);
        Counter::RecordsProcessed.add(&[SINK], batch.draft.records);
        Histogram::BatchSeconds.observe(&[SINK], batch.began.elapsed());
        if let Some(received_at) = batch.draft.received_at {
            let took = (Utc::now() - received_at).to_std().unwrap_or_default();
            Histogram::DeliverySeconds.observe(&[SINK], took);
        }
        Ok(marked)
    }

    /// Lists campaigns and products that are new. The lists are a convenience: a batch does not wait for
    /// them longer than [`LISTING_TIME`]. What is not listed then is listed with the next event that
    /// names it.
    async fn list_names(&self, draft: &Draft) {
        let is_final = |error: &_| !matches!(error, ControlPlaneError::Unavailable(_));
        let seen_at = *draft.logged.start();
        if draft.names.is_empty() {
            return;
        }
        let list = || self.seen.list(&self.control_plane, &draft.names, seen_at);
        let listed = retry::until("list campaigns and products", is_final, list);
        let error = match tokio::time::timeout(LISTING_TIME, listed).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => telemetry::chain(&error),
            Err(late) => late.to_string(),
        };
        let left = self.seen.left(&draft.names);
        Counter::NamesNotListed.add(&[], left as u64);
        tracing::error!(error, left, "could not list campaigns and products");
    }

    /// Ends the use of answers about finished ranges that were read before the late events of the batch
    /// were visible. It is done before the batch is marked: what is read up to `as_of` contains them.
    async fn raise_data_versions(&self, draft: &Draft) {
        if !draft.late.is_empty() {
            let raise = || self.control_plane.raise_data_versions(&draft.late);
            retry::until_ok("raise the versions of tenants' data", raise).await;
        }
    }

    /// Lands the batch. Records that the warehouse refuses become rejects, and the batch is planned
    /// again without them. After a crash on the way, the next owner does the same: the new plan is
    /// written only once the rejects are published.
    async fn land_or_replan(&self, batch: &mut Planned) -> Result<(), ProcessorError> {
        let refused = self.land_within_tolerance(batch).await?;
        if refused.is_empty() {
            return Ok(());
        }
        let place = batch.range().start();
        let of_load = |load: &Load| rejects::refused(place, load, &refused);
        let rejects = batch.draft.loads.iter().flat_map(of_load).collect();
        rejects::publish(&self.producer, rejects).await;
        let poison = |(offset, code)| Poison { offset, reason: rejects::reason(code) };
        batch.draft.skip(refused.into_iter().map(poison).collect());
        log_poison(place.partition, &batch.draft.plan.skip.poison);
        let ledger = &self.context.ledger;
        let lease = &batch.lease;
        let plan = &batch.draft.plan;
        retry::ledger("plan a batch without its poison", || ledger.replan(lease, plan)).await
    }

    /// Lands the batch and returns the records that the warehouse refuses. While they are too many
    /// to be skipped, the partition is halted and the batch is sent again.
    async fn land_within_tolerance(&self, batch: &mut Planned) -> Result<Refused, ProcessorError> {
        let mut halt = None;
        loop {
            let refused = self.land(batch).await?;
            let Some((offset, code)) = refused.first_key_value() else { return Ok(refused) };
            if batch.tolerance.admits(refused.keys().copied()) {
                return Ok(refused);
            }
            let LogPlace { partition, .. } = batch.lease.next;
            halt.get_or_insert_with(|| {
                too_much_poison(partition, *offset, &rejects::reason(*code))
            });
            // Meanwhile others need it.
            batch.large = None;
            tokio::time::sleep(RECHECK).await;
            // Much of it may have landed.
            batch.in_doubt = batch.draft.loads.iter().map(|it| it.destination.clone()).collect();
        }
    }

    /// Sends the loads, wave by wave. Returns once all rows are there, except those of the records that the
    /// warehouse refuses.
    async fn land(&self, batch: &Planned) -> Result<Refused, ProcessorError> {
        let mut waves = BTreeMap::<_, Vec<_>>::new();
        for load in &batch.draft.loads {
            waves.entry(load.wave()).or_default().push(load);
        }
        let mut all = Refused::new();
        for loads in waves.into_values() {
            all.extend(self.land_together(batch, loads).await?);
        }
        Ok(all)
    }

    /// Sends loads at the same time.
    async fn land_together(
        &self,
        batch: &Planned,
        loads: Vec<&Load>,
    ) -> Result<Refused, ProcessorError> {
        let mut landings = JoinSet::new();
        for load in loads {
            let destination = &load.destination;
            let shipment = Shipment {
                warehouse: self.warehouse.clone(),
                batch: InsertBatch::of(batch.range(), &self.topic, destination, batch.epoch),
                load: load.clone(),
                logged: batch.draft.logged.clone(),
                limit: batch.tolerance.limit(),
            };
            let in_doubt = batch.in_doubt.contains(destination);
            let landing = async move {
                if in_doubt { shipment.verify_and_complete().await } else { shipment.land().await }
            };
            landings.spawn(in_span(TraceSpan::current(), landing));
        }
        let mut all = Refused::new();
        while let Some(landed) = landings.join_next().await {
            let (landing, refused) = landed.map_err(ProcessorError::Worker)?;
            Counter::Batches.inc(&[SINK, landing.as_str()]);
            all.extend(refused);
        }
        Ok(all)
    }
}

/// Halts a partition that holds more poison than is tolerated.
pub(super) fn too_much_poison(partition: log::Partition, offset: Offset, reason: &str) -> Halt {
    let reason = format!("too many poison records, now at offset {offset}: {reason}");
    let remedy = "correct their cause, or raise processor.store_poison_limit to skip them";
    Halt::new(Group::Store, partition, &reason, remedy)
}
