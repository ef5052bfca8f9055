use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aggregates::{Aggregates, LiveSeries};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use control_plane::{ControlPlane, DataState, Group, Retained};
use log::LogPlace;
use metrics::{Granularity, QuarterSeries, Sums, TimeRange};
use moka::future::Cache;
use tenancy::{CampaignId, ClientId, Destination, TenantContext};
use warehouse::{DistinctSeries, KeptDays, TenantWarehouse, Warehouse};

use super::{MetricsRequest, Reads};
use crate::{
    failure::{Failure, shared},
    last_known::LastKnown,
};

/// How long an `as_of` is cached: an older one is still true.
const AS_OF_CACHED: Duration = Duration::from_millis(250);
/// The most tenants whose data states, retentions and kept days are cached.
const MOST_TENANTS: u64 = 10_000;
/// How long it is cached from when on a tenant's events are retained: it changes once a day.
const RETAINED_CACHED: Duration = Duration::from_mins(1);
/// How long it is cached of which days rollups are kept. Their rows are deleted much later.
const KEPT_CACHED: Duration = Duration::from_mins(1);
/// How far the time of an event may be ahead of the log's, and more.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// How long an `as_of`, or the retention of a tenant, is used while PostgreSQL is unavailable.
const AS_OF_RETENTION: Duration = Duration::from_hours(24);

/// How far Redis may be behind ClickHouse and still be read. Normally it is ahead, and notes its
/// `as_of` once a second. If it is further behind, it is halted, for example out of memory.
const MAX_LAG: TimeDelta = TimeDelta::seconds(5);

/// What the ledger has noted of Redis.
#[derive(Clone, Default)]
struct Noted {
    /// Everything received before this was counted.
    as_of: Option<DateTime<Utc>>,
    /// The next place of each partition. Read after `as_of`, so never behind it.
    next_places: Arc<[LogPlace]>,
}

/// The part of an answer's time in which it waited until ClickHouse had a place for it.
pub(crate) const QUEUE: &str = "queue";

/// The sources of an answer and how long each took, in the order in which they were read; before ClickHouse,
/// the [`QUEUE`].
pub(crate) type Timings = Vec<(&'static str, Duration)>;

/// Reads from Redis as far as its hours are whole, and from ClickHouse for the rest.
#[derive(Clone)]
pub(crate) struct Sources {
    control_plane: ControlPlane,
    aggregates: Aggregates,
    pub(super) warehouse: Warehouse,
    events_topic: String,
    stored: LastKnown<(), Option<DateTime<Utc>>>,
    noted: LastKnown<(), Noted>,
    data_states: Cache<ClientId, Option<DataState>>,
    retained: LastKnown<ClientId, Retained>,
    /// By tenant and tables: those that a tenant is moved to may have rows that the others have no more.
    kept: Cache<(ClientId, Destination), Option<KeptDays>>,
}

/// A campaign's sums, in two parts that do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The end of the range, by quarter hour, from Redis.
    pub(crate) live: QuarterSeries,
    /// Where `live` begins; `None` when Redis has no whole hour of the range.
    pub(crate) live_from: Option<DateTime<Utc>>,
    /// The rest, by start of bucket, from ClickHouse.
    pub(crate) stored: BTreeMap<DateTime<Utc>, Sums>,
    /// Distinct values of the whole range, if they were requested.
    pub(crate) distincts: DistinctSeries,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) timings: Timings,
}

impl Sources {
    pub(crate) fn new(
        control_plane: ControlPlane,
        aggregates: Aggregates,
        warehouse: Warehouse,
        events_topic: String,
    ) -> Self {
        let stored = LastKnown::new(1, AS_OF_CACHED, AS_OF_RETENTION);
        let noted = LastKnown::new(1, AS_OF_CACHED, AS_OF_RETENTION);
        let data_states = Cache::builder().max_capacity(MOST_TENANTS).time_to_live(AS_OF_CACHED);
        let retained = LastKnown::new(MOST_TENANTS, RETAINED_CACHED, AS_OF_RETENTION);
        let kept = Cache::builder().max_capacity(MOST_TENANTS).time_to_live(KEPT_CACHED);
        Self {
            control_plane,
            aggregates,
            warehouse,
            events_topic,
            stored,
            noted,
            data_states: data_states.build(),
            retained,
            kept: kept.build(),
        }
    }

    /// Reads the live sums of every quarter hour in a range, from both sources alike: a stream sends a
    /// quarter hour again when they change.
    pub(crate) async fn quarter_hours(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<Found, Failure> {
        let granularity = Granularity::QuarterHour;
        let zone = Tz::UTC;
        let request = MetricsRequest { range, granularity, zone, metrics: Vec::new() };
        let mut found = self.read(tenant, campaign, &request).await?;
        found.stored.values_mut().for_each(|sums| *sums = sums.live());
        Ok(found)
    }

    /// Reads a campaign's sums, and its distinct values if a requested metric counts any.
    pub(crate) async fn read(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        request: &MetricsRequest,
    ) -> Result<Found, Failure> {
        let mut found = Found::default();
        // The `as_of` of a source is read before the source, which then has more, not less.
        let mut as_of = Vec::new();

        let live_started = Instant::now();
        let (noted, stored_as_of) = tokio::join!(self.noted(), self.stored_as_of());
        let is_live = request.metrics.iter().all(|metric| metric.is_live());
        let live = match is_behind(noted.as_of, stored_as_of) || !is_live {
            true => LiveSeries { covered: None, series: QuarterSeries::new() },
            false => self.live_series(tenant, campaign, request.range, &noted).await,
        };
        found.live = live.series;
        found.live_from = live.covered.map(|covered| covered.from());
        let older = match live.covered {
            Some(covered) => {
                as_of.push(noted.as_of);
                found.timings.push(("redis", live_started.elapsed()));
                request.range.split_at(covered.from()).0
            }
            None => Some(request.range),
        };

        if older.is_some() || !request.distincts().is_empty() {
            let stored_started = Instant::now();
            as_of.push(stored_as_of);
            let rows = self.warehouse.for_tenant(tenant);
            let kept = self.kept_days(tenant, &rows, request.reads(), request.range.from()).await?;
            let reader = rows.with_kept_days(kept);
            let series = stored_series(&reader, campaign, older, request);
            let distincts = distincts(&reader, campaign, request);
            (found.stored, found.distincts) = tokio::try_join!(series, distincts)?;
            let queued = reader.queued();
            found.timings.push((QUEUE, queued));
            found.timings.push(("clickhouse", stored_started.elapsed().saturating_sub(queued)));
        }
        // The earliest; `None` if one is unknown.
        found.as_of = as_of.into_iter().min().flatten();
        Ok(found)
    }

    /// Returns whether Redis is behind: ClickHouse then answers alone, and the feed lacks changes.
    pub(crate) async fn is_behind(&self) -> bool {
        let (noted, stored) = tokio::join!(self.noted(), self.stored_as_of());
        is_behind(noted.as_of, stored)
    }

    /// Reads the whole hours of Redis; none while it is unavailable, since ClickHouse has them too.
    async fn live_series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
        noted: &Noted,
    ) -> LiveSeries {
        let reader = self.aggregates.for_tenant(tenant);
        let series = reader.campaign_series(campaign, range, &noted.next_places).await;
        series.unwrap_or_else(|error| {
            tracing::warn!(%error, "redis is unavailable, reading the warehouse");
            LiveSeries { covered: None, series: QuarterSeries::new() }
        })
    }

    /// Returns what is noted of Redis; nothing while the ledger is unavailable, so that Redis is
    /// still read.
    async fn noted(&self) -> Noted {
        let ledger = self.control_plane.ledger();
        let topic = &self.events_topic;
        let noted = self.noted.get((), async || {
            let as_of = ledger.as_of(Group::Live, topic).await?;
            let next_places = ledger.noted_offsets(Group::Live, topic).await?.into();
            Ok(Noted { as_of, next_places })
        });
        noted.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the progress of redis is unknown, and whether it lost writes");
            Noted::default()
        })
    }

    /// Returns the `as_of` of ClickHouse; `None` while it is unknown, since the numbers are correct
    /// without it.
    pub(crate) async fn stored_as_of(&self) -> Option<DateTime<Utc>> {
        let ledger = self.control_plane.ledger();
        let as_of = self
            .stored
            .get((), async || Ok(ledger.as_of(Group::Store, &self.events_topic).await?));
        as_of.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the progress of clickhouse is unknown");
            None
        })
    }
}

impl Sources {
    /// Returns the state of a tenant's data; `None` while it is unknown. An earlier one is not used then:
    /// nothing would tell how old it is.
    pub(crate) async fn data_state(&self, tenant: &TenantContext) -> Option<DataState> {
        let control = self.control_plane.for_tenant(tenant);
        let read = control.data_state(&self.events_topic);
        // Boxed, so that the futures of requests are small.
        let state = Box::pin(self.data_states.try_get_with_by_ref(tenant.client_id(), read)).await;
        state.unwrap_or_else(|error| {
            tracing::warn!(%error, "the version of a tenant's data is unknown");
            None
        })
    }
}

impl Sources {
    /// Returns the time from which on what a report reads of a tenant is retained; `None` if none of it has
    /// expired, and while it is unknown.
    pub(crate) async fn retained_from(
        &self,
        tenant: &TenantContext,
        reads: Reads,
    ) -> Option<DateTime<Utc>> {
        let retained = self.retained.get(tenant.client_id().clone(), async || {
            Ok(self.control_plane.for_tenant(tenant).retained().await?)
        });
        let Retained { of_rows, of_rollups } = retained.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the retention of a tenant is unknown");
            Retained::default()
        });
        match reads {
            Reads::Rows => of_rows,
            Reads::Rollups => of_rollups,
        }
    }

    /// Returns the days of which a report that begins at `from` reads kept rollups in place of rows. If any of
    /// its numbers are read from rows, all are: then they are about the same events.
    ///
    /// # Errors
    /// The tenant's cluster is unavailable.
    pub(crate) async fn kept_days(
        &self,
        tenant: &TenantContext,
        reader: &TenantWarehouse,
        reads: Reads,
        from: DateTime<Utc>,
    ) -> Result<Option<KeptDays>, Failure> {
        if reads == Reads::Rows {
            return Ok(None);
        }
        let read = async { Ok::<_, Failure>(reader.kept_days().await?) };
        // Boxed, so that the futures of requests are small.
        let tables = (tenant.client_id().clone(), tenant.destination().clone());
        let kept = Box::pin(self.kept.try_get_with(tables, read)).await;
        Ok(kept.map_err(shared)?.filter(|kept| from < kept.until + AHEAD))
    }
}

async fn stored_series(
    reader: &TenantWarehouse,
    campaign: &CampaignId,
    range: Option<TimeRange>,
    request: &MetricsRequest,
) -> Result<BTreeMap<DateTime<Utc>, Sums>, Failure> {
    let MetricsRequest { granularity, zone, .. } = *request;
    let Some(range) = range else {
        return Ok(BTreeMap::new());
    };
    let mut series = reader.campaign_series(campaign, range, granularity, zone).await?;
    if request.needs_refunds() {
        for (start, refunded) in reader.campaign_refunds(campaign, range, granularity, zone).await?
        {
            series.entry(start).or_default().merge(&refunded);
        }
    }
    if request.needs_new_to_brand() {
        let new = reader.campaign_new_to_brand(campaign, range, granularity, zone).await?;
        new.iter().for_each(|(start, sums)| series.entry(*start).or_default().merge(sums));
    }
    if request.needs_total_sales() {
        let sales = reader.total_sales(range, granularity, zone).await?;
        sales.iter().for_each(|(start, sums)| series.entry(*start).or_default().merge(sums));
    }
    Ok(series)
}

async fn distincts(
    reader: &TenantWarehouse,
    campaign: &CampaignId,
    request: &MetricsRequest,
) -> Result<DistinctSeries, Failure> {
    let MetricsRequest { range, granularity, zone, .. } = *request;
    let wanted = request.distincts();
    match wanted.is_empty() {
        true => Ok(DistinctSeries::default()),
        false => Ok(reader.campaign_distincts(campaign, range, granularity, zone, &wanted).await?),
    }
}

fn is_behind(live: Option<DateTime<Utc>>, stored: Option<DateTime<Utc>>) -> bool {
    stored.is_some_and(|stored| live.is_none_or(|live| live + MAX_LAG < stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_is_not_read_while_it_is_behind() {
        let at = |second| DateTime::from_timestamp(second, 0);
        for (live, stored, behind) in [
            (at(100), at(100), false),
            (at(100), at(105), false),
            (at(100), at(106), true),
            (at(100), at(90), false),
            (None, at(100), true),
            (at(100), None, false),
            (None, None, false),
        ] {
            assert_eq!(is_behind(live, stored), behind, "{live:?} {stored:?}");
        }
    }
}
