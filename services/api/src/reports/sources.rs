use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use aggregates::{Aggregates, LiveSeries};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use control_plane::ControlPlane;
use metrics::{Granularity, QuarterSeries, Sums, TimeRange};
use moka::future::Cache;
use tenancy::{CampaignId, TenantContext};
use warehouse::{Visitors, Warehouse};

use crate::failure::{Failure, shared};

/// The consumer group that writes to ClickHouse.
const STORE: &str = "store";
/// The consumer group that writes to Redis.
const LIVE: &str = "live";
/// How long it is remembered how far a group is: older is still true.
const AS_OF_REMEMBERED: Duration = Duration::from_millis(250);

/// Where numbers came from, and how long that took, in the order they were asked.
pub(crate) type Timings = Vec<(&'static str, Duration)>;

/// Redis as far as its hours are whole, and ClickHouse for the rest.
#[derive(Clone)]
pub(crate) struct Sources {
    control_plane: ControlPlane,
    aggregates: Aggregates,
    warehouse: Warehouse,
    as_of: Cache<&'static str, Option<DateTime<Utc>>>,
}

/// A campaign's sums, in two parts that do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The end of the range, by the quarter hour.
    pub(crate) live: QuarterSeries,
    /// What lies before, by start of bucket.
    pub(crate) stored: BTreeMap<DateTime<Utc>, Sums>,
    /// Distinct visitors of the whole range, when they were asked for.
    pub(crate) visitors: Visitors,
    /// Everything received before this is counted; none while that is not known.
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) timings: Timings,
}

impl Sources {
    pub(crate) fn new(
        control_plane: ControlPlane,
        aggregates: Aggregates,
        warehouse: Warehouse,
    ) -> Self {
        let as_of = Cache::builder().time_to_live(AS_OF_REMEMBERED).build();
        Self { control_plane, aggregates, warehouse, as_of }
    }

    /// A campaign's sums, and its visitors if `with_visitors`.
    pub(crate) async fn ask(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
        with_visitors: bool,
    ) -> Result<Found, Failure> {
        let mut found = Found::default();
        // How far a source is, is asked before the source: what it holds then is more, not less.
        let mut as_of = Vec::new();

        let started = Instant::now();
        let live_as_of = self.as_of(LIVE).await?;
        let live = self.live_series(tenant, campaign, range).await;
        found.live = live.series;
        let older = match live.covered {
            Some(covered) => {
                as_of.push(live_as_of);
                found.timings.push(("redis", started.elapsed()));
                range.split_at(covered.from()).0
            }
            None => Some(range),
        };

        if older.is_some() || with_visitors {
            let started = Instant::now();
            as_of.push(self.as_of(STORE).await?);
            let reader = self.warehouse.for_tenant(tenant);
            let series = async {
                match older {
                    Some(older) => reader.campaign_series(campaign, older, granularity, zone).await,
                    None => Ok(BTreeMap::new()),
                }
            };
            let visitors = async {
                match with_visitors {
                    true => reader.campaign_visitors(campaign, range, granularity, zone).await,
                    false => Ok(Visitors::default()),
                }
            };
            (found.stored, found.visitors) = tokio::try_join!(series, visitors)?;
            found.timings.push(("clickhouse", started.elapsed()));
        }
        // The least of them; none when one is not known.
        found.as_of = as_of.into_iter().min().flatten();
        Ok(found)
    }

    /// What Redis holds completely; nothing when it does not answer, since ClickHouse has it too.
    async fn live_series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> LiveSeries {
        let series = self.aggregates.for_tenant(tenant).campaign_series(campaign, range).await;
        series.unwrap_or_else(|error| {
            tracing::warn!(%error, "redis did not answer, asking the warehouse");
            LiveSeries { covered: None, series: QuarterSeries::new() }
        })
    }

    async fn as_of(&self, group: &'static str) -> Result<Option<DateTime<Utc>>, Failure> {
        let ledger = self.control_plane.ledger();
        let asked = self
            .as_of
            .try_get_with(group, async { ledger.as_of(group).await.map_err(Failure::from) });
        asked.await.map_err(shared)
    }
}
