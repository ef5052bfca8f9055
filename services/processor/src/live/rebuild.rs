use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use aggregates::{Aggregates, Finish, Rebuild, SlotGroup};
use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use control_plane::{ControlPlane, ControlPlaneError, Group};
use lifecycle::{BoxError, every};
use log::Partition;
use metrics::TimeRange;
use telemetry::Counter;
use tenancy::{ClientId, PlatformContext, ResolveError, TenantContext, TenantRouter, TenantState};
use tokio_util::sync::CancellationToken;
use warehouse::{LogFrontier, Warehouse};

use super::{
    base::{Visitors, base, visitors},
    portions::Portion,
};
use crate::{Dependencies, member::WorkerContext};

/// How often the slot groups are checked for hours that are not whole.
const PERIOD: Duration = Duration::from_secs(1);
/// Another process takes a rebuild over after this long without a heartbeat: longer than any query
/// to ClickHouse takes.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(60);
/// More than events may be dated ahead.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// Rebuilds counters that Redis lost from ClickHouse, while new events are counted on top.
pub(crate) struct Rebuilder {
    owner: String,
    topic: String,
    context: WorkerContext,
    aggregates: Aggregates,
    warehouse: Warehouse,
    control_plane: ControlPlane,
    router: TenantRouter,
    platform: PlatformContext,
    under_way: BTreeMap<SlotGroup, Work>,
}

/// The progress of the rebuild of a slot group.
struct Work {
    rebuild: Rebuild,
    began_at: Instant,
    /// The steps of the days that are done.
    done: BTreeMap<(ClientId, NaiveDate), Vec<String>>,
}

/// The result of an attempt to continue a rebuild.
enum Progress {
    /// The store group has not stored everything that is needed.
    Waits,
    /// Another process took the rebuild over, or it was restarted.
    Over,
    /// Every day is done.
    Done,
}

impl Rebuilder {
    pub(crate) fn new(dependencies: &Dependencies, context: WorkerContext) -> Self {
        Self {
            owner: context.owner.clone(),
            topic: dependencies.kafka.events_topic.clone(),
            context,
            aggregates: dependencies.aggregates.clone(),
            warehouse: dependencies.warehouse.clone(),
            control_plane: dependencies.control_plane.clone(),
            router: dependencies.router.clone(),
            platform: dependencies.platform(),
            under_way: BTreeMap::new(),
        }
    }

    /// Keeps the hours of every slot group whole, until the process stops.
    pub(crate) async fn run(mut self, token: CancellationToken) -> Result<(), BoxError> {
        let mut rounds = every(PERIOD, token, "rebuild live counters");
        while rounds.begin().await {
            rounds.run(self.check()).await;
        }
        Ok(())
    }

    /// Continues wherever a slot group is not whole. Returns the last failure.
    async fn check(&mut self) -> Result<(), BoxError> {
        let slot_groups: Vec<_> = self.aggregates.slot_groups().collect();
        let mut result = Ok(());
        for slot_group in slot_groups {
            result = self.rebuild(slot_group).await.and(result);
        }
        result
    }

    async fn rebuild(&mut self, slot_group: SlotGroup) -> Result<(), BoxError> {
        let known = self.under_way.remove(&slot_group);
        let Some(rebuild) =
            self.aggregates.join_rebuild(slot_group, &self.owner, HEARTBEAT_TIMEOUT).await?
        else {
            return Ok(());
        };
        let mut work = match known.filter(|work| work.rebuild == rebuild) {
            Some(work) => work,
            None => {
                tracing::info!(%slot_group, from = %rebuild.from, "rebuilding live counters");
                Work { rebuild, began_at: Instant::now(), done: BTreeMap::new() }
            }
        };
        let progress = self.advance(slot_group, &mut work).await;
        if matches!(progress, Ok(Progress::Done)) {
            return self.finish(slot_group, work).await;
        }
        if !matches!(progress, Ok(Progress::Over)) {
            self.under_way.insert(slot_group, work);
        }
        progress.map(drop)
    }

    /// Does what can be done now. A tenant whose cluster is unavailable does not delay the others.
    async fn advance(&self, slot_group: SlotGroup, work: &mut Work) -> Result<Progress, BoxError> {
        if !self.is_stored(&work.rebuild).await? {
            return Ok(Progress::Waits);
        }
        let mut failed = None;
        for tenant in self.tenants(&work.rebuild).await? {
            for day in days(&work.rebuild) {
                let key = (tenant.client_id().clone(), day);
                if work.done.contains_key(&key) {
                    continue;
                }
                let still = self
                    .aggregates
                    .join_rebuild(slot_group, &self.owner, HEARTBEAT_TIMEOUT)
                    .await?;
                if still.as_ref() != Some(&work.rebuild) {
                    return Ok(Progress::Over);
                }
                match self.add_day(&tenant, &work.rebuild, day).await {
                    Ok(Some(steps)) => drop(work.done.insert(key, steps)),
                    Ok(None) => return Ok(Progress::Over),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
        }
        failed.map_or(Ok(Progress::Done), Err)
    }

    async fn finish(&mut self, slot_group: SlotGroup, work: Work) -> Result<(), BoxError> {
        let steps: Vec<_> = work.done.values().flatten().cloned().collect();
        match self.aggregates.finish_rebuild(&work.rebuild, &steps).await? {
            Finish::Whole => {
                Counter::Rebuilds.inc(&[]);
                let steps = steps.len();
                let took = work.began_at.elapsed();
                tracing::info!(%slot_group, steps, ?took, "live counters are whole again");
            }
            // No step is remembered as done, so all are done again.
            Finish::StepsMissing => tracing::warn!(%slot_group, "redis lost steps of a rebuild"),
            Finish::Over => {}
        }
        Ok(())
    }

    /// Whether ClickHouse has everything before the starts of the chains.
    async fn is_stored(&self, rebuild: &Rebuild) -> Result<bool, ControlPlaneError> {
        let noted = self.context.ledger.noted_offsets(Group::Store, &self.topic).await?;
        Ok((0..).map(Partition::new).zip(&rebuild.starts).all(|(partition, start)| {
            let lane = (rebuild.generation, partition);
            let next = noted.iter().find(|next| (next.generation, next.partition) == lane);
            next.map(|next| next.offset).unwrap_or_default() >= *start
        }))
    }

    async fn tenants(&self, rebuild: &Rebuild) -> Result<Vec<TenantContext>, BoxError> {
        let mut tenants = Vec::new();
        for detail in self.control_plane.for_platform(&self.platform).tenants().await? {
            let record = detail.record;
            // A tenant that has no tables yet never had events.
            let is_ready = record.state != TenantState::Provisioning;
            if is_ready && rebuild.concerns(&self.aggregates, &record.client_id) {
                tenants.push(self.tenant(&record.client_id).await?);
            }
        }
        Ok(tenants)
    }

    #[expect(clippy::disallowed_methods, reason = "its rows are read into its own counters")]
    async fn tenant(&self, client_id: &ClientId) -> Result<TenantContext, ResolveError> {
        self.router.resolve_record(client_id).await
    }

    /// Adds what lies before the chains of one tenant's day. Returns the steps taken; `None` when the
    /// rebuild is over.
    async fn add_day(
        &self,
        tenant: &TenantContext,
        rebuild: &Rebuild,
        day: NaiveDate,
    ) -> Result<Option<Vec<String>>, BoxError> {
        let start = day.and_time(NaiveTime::MIN).and_utc();
        let range = TimeRange::covering(start.max(rebuild.from), start + TimeDelta::days(1))?;
        let place = LogFrontier { generation: rebuild.generation, offsets: rebuild.starts.clone() };
        let reader = self.warehouse.for_tenant(tenant);
        let counters = self.aggregates.for_tenant(tenant);

        let base = base(&reader, &place, range).await?;
        let mut portions = Vec::from_iter((!base.is_empty()).then_some(Portion::whole(range)));
        while let Some(portion) = portions.pop() {
            match visitors(&reader, &place, portion).await? {
                Visitors::Split(halves) => portions.extend(halves),
                Visitors::Read(deltas) => {
                    for deltas in deltas {
                        if !counters.add_base_visitors(rebuild, &deltas).await? {
                            return Ok(None);
                        }
                    }
                }
            }
        }
        let mut steps = Vec::new();
        for (campaign, deltas) in base {
            match counters.add_base(rebuild, &campaign, day, &deltas).await? {
                Some(step) => steps.push(step),
                None => return Ok(None),
            }
        }
        Ok(Some(steps))
    }
}

/// The days of UTC that the rebuilt hours are in.
fn days(rebuild: &Rebuild) -> impl Iterator<Item = NaiveDate> {
    let last = (Utc::now() + AHEAD).date_naive();
    rebuild.from.date_naive().iter_days().take_while(move |day| *day <= last)
}
