use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aggregates::{Aggregates, LiveSeries};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use control_plane::ControlPlane;
use metrics::{Granularity, QuarterSeries, Sums, TimeRange};
use tenancy::{CampaignId, TenantContext};
use warehouse::{Visitors, Warehouse};

use crate::{failure::Failure, last_known::LastKnown};

/// The consumer group that writes to ClickHouse.
const STORE: &str = "store";
/// The consumer group that writes to Redis.
const LIVE: &str = "live";
/// How long it is remembered how far a group is: older is still true.
const AS_OF_REMEMBERED: Duration = Duration::from_millis(250);
/// How long it is told without PostgreSQL.
const AS_OF_KEPT: Duration = Duration::from_hours(24);

/// How much earlier Redis may be than ClickHouse and still be asked. It is ahead as a rule, and
/// says how far it is once a second; what is longer behind stands still, such as one without memory.
const BEHIND: TimeDelta = TimeDelta::seconds(5);

/// How far Redis is known to have been.
#[derive(Clone, Default)]
struct Noted {
    /// Everything received before this was counted.
    as_of: Option<DateTime<Utc>>,
    /// Log generations, partitions, and the next offset in each: asked later, so never less than
    /// what `as_of` stands for.
    offsets: Arc<[(u16, u16, u64)]>,
}

/// Where numbers came from, and how long that took, in the order they were asked.
pub(crate) type Timings = Vec<(&'static str, Duration)>;

/// Redis as far as its hours are whole, and ClickHouse for the rest.
#[derive(Clone)]
pub(crate) struct Sources {
    control_plane: ControlPlane,
    aggregates: Aggregates,
    warehouse: Warehouse,
    events_topic: String,
    stored: LastKnown<(), Option<DateTime<Utc>>>,
    noted: LastKnown<(), Noted>,
}

/// A campaign's sums, in two parts that do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The end of the range, by the quarter hour.
    pub(crate) live: QuarterSeries,
    /// Where that begins; none when Redis holds nothing of the range completely.
    pub(crate) live_from: Option<DateTime<Utc>>,
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
        events_topic: String,
    ) -> Self {
        let stored = LastKnown::new(1, AS_OF_REMEMBERED, AS_OF_KEPT);
        let noted = LastKnown::new(1, AS_OF_REMEMBERED, AS_OF_KEPT);
        Self { control_plane, aggregates, warehouse, events_topic, stored, noted }
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
        let (noted, stored_as_of) = tokio::join!(self.noted(), self.stored_as_of());
        let live = match is_behind(noted.as_of, stored_as_of) {
            true => LiveSeries { covered: None, series: QuarterSeries::new() },
            false => self.live_series(tenant, campaign, range, &noted).await,
        };
        found.live = live.series;
        found.live_from = live.covered.map(|covered| covered.from());
        let older = match live.covered {
            Some(covered) => {
                as_of.push(noted.as_of);
                found.timings.push(("redis", started.elapsed()));
                range.split_at(covered.from()).0
            }
            None => Some(range),
        };

        if older.is_some() || with_visitors {
            let started = Instant::now();
            as_of.push(stored_as_of);
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

    /// Whether Redis stands still, so that ClickHouse answers alone and the feed brings nothing.
    pub(crate) async fn is_behind(&self) -> bool {
        let (noted, stored) = tokio::join!(self.noted(), self.stored_as_of());
        is_behind(noted.as_of, stored)
    }

    /// What Redis holds completely; nothing when it does not answer, since ClickHouse has it too.
    async fn live_series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
        noted: &Noted,
    ) -> LiveSeries {
        let reader = self.aggregates.for_tenant(tenant);
        let series = reader.campaign_series(campaign, range, &noted.offsets).await;
        series.unwrap_or_else(|error| {
            tracing::warn!(%error, "redis did not answer, asking the warehouse");
            LiveSeries { covered: None, series: QuarterSeries::new() }
        })
    }

    /// How far Redis is; nothing while nobody knows, so that it still answers. Asked before Redis:
    /// what it has taken since is more, not less.
    async fn noted(&self) -> Noted {
        let (ledger, topic) = (self.control_plane.ledger(), &self.events_topic);
        let asked = self.noted.get((), async {
            let as_of = ledger.as_of(LIVE, topic).await?;
            Ok(Noted { as_of, offsets: ledger.noted_offsets(LIVE, topic).await?.into() })
        });
        asked.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "how far redis is, and whether it lost writes, is not known");
            Noted::default()
        })
    }

    /// How far ClickHouse is; none when nobody knows, for the numbers are right without it.
    async fn stored_as_of(&self) -> Option<DateTime<Utc>> {
        let ledger = self.control_plane.ledger();
        let asked =
            self.stored.get((), async { Ok(ledger.as_of(STORE, &self.events_topic).await?) });
        asked.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "how far clickhouse is, is not known");
            None
        })
    }
}

fn is_behind(live: Option<DateTime<Utc>>, stored: Option<DateTime<Utc>>) -> bool {
    stored.is_some_and(|stored| live.is_none_or(|live| live + BEHIND < stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_is_not_asked_while_it_stands_still() {
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
