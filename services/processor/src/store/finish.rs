use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, ControlPlaneError, Lease, Poison};
use failpoints::Step;
use stream::{Offset, Producer};
use telemetry::{Counter, Histogram};
use tenancy::Destination;
use tokio::task::JoinSet;
use warehouse::{InsertBatch, Warehouse};

use super::{
    bisect::Refused,
    draft::{Draft, Load},
    idle::idle,
    in_flight::Turn,
    land::Shipment,
    rejects::{self, Place},
    seen::Seen,
    tolerance::{Halted, Tolerance},
    worker::SINK,
};
use crate::{
    ProcessorError,
    member::Log,
    retry::{self, Pauses},
};

/// Takes planned batches to their mark.
pub(super) struct Finisher {
    pub(super) log: Log,
    pub(super) topic: String,
    pub(super) control_plane: ControlPlane,
    pub(super) warehouse: Warehouse,
    pub(super) producer: Producer,
    pub(super) seen: Seen,
}

/// A batch that is planned.
pub(super) struct Planned {
    /// The lease it is finished under.
    pub(super) lease: Lease,
    /// The epoch it was planned under: a former owner's, if it was left behind.
    pub(super) epoch: u64,
    pub(super) draft: Draft,
    /// The destinations that may have rows of it already.
    pub(super) doubtful: BTreeSet<Destination>,
    pub(super) tolerance: Arc<Mutex<Tolerance>>,
    /// When its records came.
    pub(super) began: Instant,
}

impl Finisher {
    /// Brings every row to its place, and marks the batch when its turn has come. Returns the lease,
    /// moved on.
    pub(super) async fn finish(
        &self,
        mut batch: Planned,
        turn: Turn,
    ) -> Result<Lease, ProcessorError> {
        self.list(&batch.draft).await;
        failpoints::reach(Step::StoreBefore);
        self.settle(&mut batch).await?;
        failpoints::reach(Step::StoreAfter);
        let (last, as_of) = (batch.draft.plan.last, *batch.draft.logged.end());
        let (ledger, lease) = (&self.log.ledger, turn.come().await?);
        let marked = retry::ledger("mark a batch", || ledger.mark(&lease, last, as_of)).await?;
        failpoints::reach(Step::Mark);
        self.reached(&marked);
        Counter::RecordsProcessed.add(&[SINK], batch.draft.records);
        Histogram::BatchSeconds.observe(&[SINK], batch.began.elapsed());
        if let Some(received_at) = batch.draft.received_at {
            let took = (Utc::now() - received_at).to_std().unwrap_or_default();
            Histogram::DeliverySeconds.observe(&[SINK], took);
        }
        Ok(marked)
    }

    /// Everything before the lease's next offset is done.
    pub(super) fn reached(&self, lease: &Lease) {
        let Lease { partition, epoch, next_offset, as_of, .. } = *lease;
        self.log.progress.reached(partition, epoch, next_offset, as_of);
    }

    /// What an insert of this range, planned under `epoch`, into one set of tables is called.
    pub(super) fn insert_batch(
        &self,
        lease: &Lease,
        epoch: u64,
        range: RangeInclusive<Offset>,
        destination: &Destination,
    ) -> InsertBatch {
        InsertBatch {
            kgen: lease.kgen,
            topic: self.topic.clone(),
            partition: lease.partition,
            first: *range.start(),
            last: *range.end(),
            destination: destination.clone(),
            epoch,
            repair: 0,
        }
    }

    /// The highest offset at or above the batch's first that is in its destination, once the server
    /// works on nothing there: a restored ledger knows nothing of an insert that is still running.
    pub(super) async fn highest(
        &self,
        batch: &InsertBatch,
        since: DateTime<Utc>,
    ) -> Option<Offset> {
        let all = InsertBatch { last: Offset::MAX, ..batch.clone() };
        let ask = async || {
            idle(&self.warehouse, &all).await?;
            self.warehouse.highest(&all, since).await
        };
        let mut pauses = Pauses::new("ask what is in the tables already");
        loop {
            match ask().await {
                Ok(highest) => return highest,
                Err(error) => pauses.wait(&error).await,
            }
        }
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

    /// Lands the batch; what the warehouse refuses is set aside, and the batch planned anew without
    /// it. A crash on the way leads here again: nothing is planned before it is among the rejects.
    async fn settle(&self, batch: &mut Planned) -> Result<(), ProcessorError> {
        let mut halted = None;
        let refused = loop {
            let refused = self.land(batch).await?;
            let Some((offset, code)) = refused.first_key_value() else { return Ok(()) };
            if admits(&batch.tolerance, refused.keys().copied()) {
                break refused;
            }
            let (partition, reason) = (batch.lease.partition, rejects::reason(*code));
            let halted =
                halted.get_or_insert_with(|| Halted::new(SINK, partition, *offset, &reason));
            halted.wait().await;
            // Much of it may have landed.
            batch.doubtful = batch.draft.loads.iter().map(|it| it.destination.clone()).collect();
        };
        let Lease { kgen, partition, .. } = batch.lease;
        let place = Place { kgen, partition };
        let of_load = |load: &Load| place.refused(load, &refused);
        let rejects = batch.draft.loads.iter().flat_map(of_load).collect();
        rejects::publish(&self.producer, rejects).await;
        let poison = |(offset, code)| Poison { offset, reason: rejects::reason(code) };
        batch.draft.set_aside(refused.into_iter().map(poison).collect());
        told(partition, &batch.draft.plan.skip.poison);
        let (ledger, lease, plan) = (&self.log.ledger, &batch.lease, &batch.draft.plan);
        retry::ledger("plan a batch without its poison", || ledger.replan(lease, plan)).await
    }

    /// Sends every load, at the same time, and returns when all are there, but for the records that
    /// the warehouse refuses.
    async fn land(&self, batch: &Planned) -> Result<Refused, ProcessorError> {
        let mut landings = JoinSet::new();
        let limit = tolerated(&batch.tolerance);
        let (plan, logged) = (&batch.draft.plan, &batch.draft.logged);
        for load in &batch.draft.loads {
            let (lease, range) = (&batch.lease, plan.first..=plan.last);
            let name = self.insert_batch(lease, batch.epoch, range, &load.destination);
            let shipment = Shipment {
                warehouse: self.warehouse.clone(),
                batch: name,
                load: load.clone(),
                logged: logged.clone(),
                limit,
            };
            let doubtful = batch.doubtful.contains(&load.destination);
            landings.spawn(async move {
                if doubtful { shipment.settle().await } else { shipment.land().await }
            });
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

/// Whether these may be set aside; if so, they are counted as such.
pub(super) fn admits(
    tolerance: &Mutex<Tolerance>,
    offsets: impl IntoIterator<Item = Offset>,
) -> bool {
    tolerance.lock().unwrap_or_else(PoisonError::into_inner).admits(offsets)
}

fn tolerated(tolerance: &Mutex<Tolerance>) -> usize {
    tolerance.lock().unwrap_or_else(PoisonError::into_inner).limit()
}

/// Tells of records that are set aside.
pub(super) fn told(partition: u16, poison: &[Poison]) {
    let Some(first) = poison.first() else { return };
    Counter::PoisonRecords.add(&[SINK], poison.len() as u64);
    tracing::error!(
        partition,
        set_aside = poison.len(),
        first.offset,
        first.reason,
        "poison records"
    );
}

/// How far back from a record's own time rows of it, or of later ones, can be dated: clocks of
/// brokers differ.
pub(super) fn logged_since(logged: DateTime<Utc>) -> DateTime<Utc> {
    logged - chrono::TimeDelta::hours(1)
}
