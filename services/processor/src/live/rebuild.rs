use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use aggregates::{Aggregates, Bucket, Finish, Rebuild};
use chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use control_plane::{ControlPlane, ControlPlaneError};
use lifecycle::BoxError;
use metrics::TimeRange;
use telemetry::Counter;
use tenancy::{ClientId, PlatformContext, ResolveError, TenantContext, TenantRouter, TenantState};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use warehouse::{LogFrontier, Warehouse};

use super::{
    base::{base, visitors},
    portions::Portion,
};
use crate::{Parts, Sink, member::Log};

/// How often it is looked whether a bucket's hours are whole.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long another process leaves a rebuild to us without hearing of us: longer than any question
/// to ClickHouse takes.
const ALONE: Duration = Duration::from_secs(60);
/// How far events may be dated ahead, and some.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// Builds counters that Redis lost anew from ClickHouse, beneath those that go on being counted.
pub(crate) struct Rebuilder {
    owner: String,
    topic: String,
    log: Log,
    aggregates: Aggregates,
    warehouse: Warehouse,
    control_plane: ControlPlane,
    router: TenantRouter,
    platform: PlatformContext,
    under_way: BTreeMap<Bucket, Work>,
}

/// How far the rebuild of a bucket is.
struct Work {
    rebuild: Rebuild,
    began_at: Instant,
    /// The steps of the days that are done.
    done: BTreeMap<(ClientId, NaiveDate), Vec<String>>,
}

/// What became of an attempt to go on.
enum Progress {
    /// The store sink is not there yet.
    Waits,
    /// Another took the rebuild, or it began anew.
    Over,
    /// Every day is done.
    Done,
}

impl Rebuilder {
    pub(crate) fn new(parts: &Parts, log: Log) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a rebuild is the platform's own work")]
        let platform = TenantRouter::platform("processor");
        Self {
            owner: log.owner.clone(),
            topic: parts.kafka.events_topic.clone(),
            log,
            aggregates: parts.aggregates.clone(),
            warehouse: parts.warehouse.clone(),
            control_plane: parts.control_plane.clone(),
            router: parts.router.clone(),
            platform,
            under_way: BTreeMap::new(),
        }
    }

    /// Keeps the hours of every bucket whole, until the process is to stop.
    pub(crate) async fn run(mut self, token: CancellationToken) -> Result<(), BoxError> {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            tokio::select! {
                () = token.cancelled() => return Ok(()),
                _ = tick.tick() => {}
            }
            // Every step may be given up half-way and taken again.
            let Some(failed) = token.run_until_cancelled(self.look()).await else {
                return Ok(());
            };
            if let (Some(error), false) = (&failed, away) {
                tracing::warn!(error, "live counters wait to be rebuilt");
            }
            away = failed.is_some();
        }
    }

    /// Goes on wherever a bucket is not whole; the last failure.
    async fn look(&mut self) -> Option<BoxError> {
        let buckets: Vec<_> = self.aggregates.buckets().collect();
        let mut failed = None;
        for bucket in buckets {
            failed = self.rebuild(bucket).await.err().or(failed);
        }
        failed
    }

    async fn rebuild(&mut self, bucket: Bucket) -> Result<(), BoxError> {
        let known = self.under_way.remove(&bucket);
        let Some(rebuild) = self.aggregates.join_rebuild(bucket, &self.owner, ALONE).await? else {
            return Ok(());
        };
        let mut work = match known.filter(|work| work.rebuild == rebuild) {
            Some(work) => work,
            None => {
                tracing::info!(%bucket, from = %rebuild.from, "rebuilding live counters");
                Work { rebuild, began_at: Instant::now(), done: BTreeMap::new() }
            }
        };
        let progress = self.advance(bucket, &mut work).await;
        if matches!(progress, Ok(Progress::Done)) {
            return self.finish(bucket, work).await;
        }
        if !matches!(progress, Ok(Progress::Over)) {
            self.under_way.insert(bucket, work);
        }
        progress.map(drop)
    }

    /// Does what can be done by now. A tenant whose cluster is away does not keep the others
    /// waiting.
    async fn advance(&self, bucket: Bucket, work: &mut Work) -> Result<Progress, BoxError> {
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
                let still = self.aggregates.join_rebuild(bucket, &self.owner, ALONE).await?;
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

    async fn finish(&mut self, bucket: Bucket, work: Work) -> Result<(), BoxError> {
        let steps: Vec<_> = work.done.values().flatten().cloned().collect();
        match self.aggregates.finish_rebuild(&work.rebuild, &steps).await? {
            Finish::Whole => {
                Counter::Rebuilds.inc(&[]);
                let (steps, took) = (steps.len(), work.began_at.elapsed());
                tracing::info!(%bucket, steps, ?took, "live counters are whole again");
            }
            // Nothing is remembered as done, so all of it is done again.
            Finish::StepsMissing => tracing::warn!(%bucket, "redis lost steps of a rebuild"),
            Finish::Over => {}
        }
        Ok(())
    }

    /// Whether ClickHouse has everything below the chains.
    async fn is_stored(&self, rebuild: &Rebuild) -> Result<bool, ControlPlaneError> {
        let noted = self.log.ledger.noted_offsets(Sink::Store.as_str(), &self.topic).await?;
        let noted: BTreeMap<_, _> =
            noted.into_iter().map(|(kgen, partition, next)| ((kgen, partition), next)).collect();
        Ok((0..).zip(&rebuild.starts).all(|(partition, start)| {
            noted.get(&(rebuild.kgen, partition)).copied().unwrap_or_default() >= *start
        }))
    }

    async fn tenants(&self, rebuild: &Rebuild) -> Result<Vec<TenantContext>, BoxError> {
        let mut tenants = Vec::new();
        for detail in self.control_plane.for_platform(&self.platform).tenants().await? {
            let record = detail.record;
            // Who has no tables yet never had events.
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

    /// Adds what lies below the chains of one tenant's day. Returns the steps taken; `None` when
    /// the rebuild is over.
    async fn add_day(
        &self,
        tenant: &TenantContext,
        rebuild: &Rebuild,
        day: NaiveDate,
    ) -> Result<Option<Vec<String>>, BoxError> {
        let start = day.and_time(NaiveTime::MIN).and_utc();
        let range = TimeRange::covering(start.max(rebuild.from), start + TimeDelta::days(1))?;
        let place = LogFrontier { kgen: rebuild.kgen, offsets: rebuild.starts.clone() };
        let reader = self.warehouse.for_tenant(tenant);
        let counters = self.aggregates.for_tenant(tenant);

        let base = base(&reader, &place, range).await?;
        let mut portions = Vec::from_iter((!base.is_empty()).then_some(Portion::whole(range)));
        while let Some(portion) = portions.pop() {
            match visitors(&reader, &place, portion).await? {
                Err(halves) => portions.extend(halves),
                Ok(deltas) => {
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
