use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use metrics::{Counter, QuantitySum, QuarterHour, QuarterSeries, Sums, TimeRange};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::{CampaignId, TenantContext};
use testkit::{Platform, Tenant};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    clickhouse::{Stored, stored},
    counts::{Counts, Quarters},
    journal::Sent,
    live_stream::{LiveStream, buckets},
    stores::Stores,
};
use crate::{
    Failure,
    load::{CAMPAIGNS, Kind},
};

/// How long an answer may be cached or a frame may take.
const PROPAGATION: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long Redis may take to rebuild lost counters, and the period that it must cover then.
const REBUILD_TIMEOUT: Duration = Duration::from_secs(120);
const COVERED_PERIOD: TimeDelta = TimeDelta::hours(2);

/// The most differences that are described; further ones are only counted.
const MAX_DESCRIBED: usize = 20;

/// The differences between the accepted events and the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Differences {
    /// Accepted events that are missing somewhere.
    pub(crate) lost: u64,
    /// Events that exist somewhere more than once, or were never sent.
    pub(crate) doubled: u64,
    /// Descriptions of the first differences.
    pub(crate) described: Vec<String>,
}

impl Differences {
    /// Returns whether there is no difference.
    pub(crate) fn none(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }

    pub(super) fn add(&mut self, lost: u64, doubled: u64, describe: impl FnOnce() -> String) {
        if lost + doubled > 0 {
            self.lost += lost;
            self.doubled += doubled;
            if self.described.len() < MAX_DESCRIBED {
                self.described.push(describe());
            }
        }
    }

    fn between(&mut self, source: &str, expected: &Quarters, found: &Quarters) {
        for quarter in expected.keys().chain(found.keys().filter(|key| !expected.contains_key(key)))
        {
            let of = |quarters: &Quarters| quarters.get(quarter).copied().unwrap_or_default();
            let expected = of(expected);
            let found = of(found);
            self.add(found.missing(&expected), expected.missing(&found), || {
                let start = DateTime::from_timestamp(*quarter, 0).unwrap_or_default();
                format!("{source}, {start}: {found:?}, expected {expected:?}")
            });
        }
    }
}

/// All places with a tenant's events.
pub(crate) struct Sources<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) stores: &'a Stores,
    pub(crate) tenant: &'a Tenant,
    pub(crate) streams: &'a [(&'static str, LiveStream)],
    /// The archived event ids of the tenant.
    pub(crate) archived: &'a BTreeSet<Uuid>,
}

/// Compares the sent events of one tenant with rows, rollups, Redis, the API and the live streams.
pub(crate) async fn compare(
    sources: &Sources<'_>,
    sent: &HashMap<Uuid, Sent>,
) -> Result<Differences, Failure> {
    let mut differences = Differences::default();
    let context = sources.stores.context(sources.tenant).await?;
    let stored = stored(sources.platform.client(), &context).await?;
    compare_events(&mut differences, sent, &stored);
    let stored_ids: BTreeSet<_> = stored.keys().copied().collect();
    let lost = stored_ids.difference(sources.archived).count() as u64;
    let more = sources.archived.difference(&stored_ids).count() as u64;
    differences.add(lost, more, || {
        format!(
            "archive, {}: {lost} stored events are missing, {more} archived events are not stored",
            sources.tenant.id
        )
    });
    for campaign in CAMPAIGNS {
        let expected = expected_quarters(sent, &stored, campaign);
        let name = |source: &str| format!("{source}, {}, {campaign}", sources.tenant.id);
        let id: CampaignId = campaign.parse()?;
        compare_stores(&mut differences, sources, &context, &id, &expected).await?;
        let over_api = retry_until_equal(async || {
            let mut found = Differences::default();
            found.between(&name("api"), &expected, &api_report(sources, campaign).await?);
            Ok(found)
        });
        differences.merge(over_api.await?);
        for (_, stream) in sources.streams.iter().filter(|(followed, _)| *followed == campaign) {
            let seen = retry_until_equal(async || {
                let mut found = Differences::default();
                let name = name("live stream");
                match stream.quarters() {
                    Some((seen, from)) => {
                        found.between(&name, &since(&expected, from), &since(&seen, from));
                    }
                    // A campaign without events has no stream.
                    None => found.between(&name, &expected, &Quarters::new()),
                }
                Ok(found)
            });
            differences.merge(seen.await?);
        }
    }
    Ok(differences)
}

impl Differences {
    /// Adds the differences of another comparison.
    pub(crate) fn merge(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        let room = MAX_DESCRIBED.saturating_sub(self.described.len());
        self.described.extend(other.described.into_iter().take(room));
    }
}

/// Checks that every accepted event is stored once with all its rows, and no unknown event.
fn compare_events(
    differences: &mut Differences,
    sent: &HashMap<Uuid, Sent>,
    stored: &HashMap<Uuid, Vec<Stored>>,
) {
    for (id, Sent { event, accepted }) in sent {
        match stored.get(id).map(Vec::as_slice) {
            None => differences.add((*accepted).into(), 0, || format!("{id} is not stored")),
            Some([one]) => {
                let (lost, doubled) =
                    (event.rows().saturating_sub(one.rows), one.rows.saturating_sub(event.rows()));
                let once = one.events == 1 && one.places == one.rows;
                let right = one.campaign == event.campaign
                    && one.kind == event.kind.as_str()
                    && one.quarter == event.quarter
                    && one.units == event.units();
                let wrong = u64::from(lost + doubled == 0 && !(once && right));
                differences.add(lost, doubled + wrong, || format!("{id} is stored as {one:?}"));
            }
            Some(several) => {
                differences.add(0, several.len() as u64 - 1, || format!("{id}: {several:?}"));
            }
        }
    }
    for (id, stored) in stored.iter().filter(|(id, _)| !sent.contains_key(id)) {
        differences.add(0, 1, || format!("{id} is stored but was never sent: {stored:?}"));
    }
}

/// Returns the expected counts of a campaign: each stored event counts once.
fn expected_quarters(
    sent: &HashMap<Uuid, Sent>,
    stored: &HashMap<Uuid, Vec<Stored>>,
    campaign: &str,
) -> Quarters {
    let mut quarters = Quarters::new();
    let events = sent.values().map(|sent| sent.event).filter(|event| event.campaign == campaign);
    for event in events.filter(|event| stored.contains_key(&event.id)) {
        let is = |kind: Kind| u64::from(event.kind == kind);
        *quarters.entry(event.quarter).or_default() += Counts {
            impressions: is(Kind::AdImpression),
            clicks: is(Kind::AdClick),
            orders: is(Kind::Purchase),
            units: event.units(),
        };
    }
    quarters
}

/// Compares the rollup with the expected counts, and Redis with the rollup, amounts included.
async fn compare_stores(
    differences: &mut Differences,
    sources: &Sources<'_>,
    tenant: &TenantContext,
    campaign: &CampaignId,
    expected: &Quarters,
) -> Result<(), Failure> {
    let name = |source: &str| format!("{source}, {}, {campaign}", sources.tenant.id);
    let range = whole_range()?;
    let rollup = sources.stores.rollup(tenant, campaign, range).await?;
    differences.between(&name("rollup"), expected, &counts_of(&rollup));
    let deadline = Instant::now() + REBUILD_TIMEOUT;
    let (live, from) = loop {
        let live = sources.stores.live(tenant, campaign, range).await?;
        let covered = live.covered.map(|covered| covered.from());
        match covered {
            Some(from) if from < Utc::now() - COVERED_PERIOD => break (live, from.timestamp()),
            _ if Instant::now() > deadline => {
                let missing = || format!("{}: covered only since {covered:?}", name("redis"));
                differences.add(1, 0, missing);
                return Ok(());
            }
            _ => sleep(POLL_INTERVAL).await,
        }
    };
    differences.between(
        &name("redis"),
        &since(expected, from),
        &since(&counts_of(&live.series), from),
    );
    let live = amounts(&live.series, from);
    let rollup = amounts(&rollup, from);
    differences.add(u64::from(live != rollup), 0, || {
        format!("{}: amounts {live:?}, expected {rollup:?}", name("redis"))
    });
    Ok(())
}

fn counts_of(series: &QuarterSeries) -> Quarters {
    let counts = |sums: &Sums| Counts {
        impressions: sums.count(Counter::Impressions),
        clicks: sums.count(Counter::Clicks),
        orders: sums.count(Counter::Orders),
        units: sums.quantity(QuantitySum::UnitsSold).thousandths() / 1000,
    };
    series.iter().map(|(quarter, sums)| (quarter.start().timestamp(), counts(sums))).collect()
}

fn amounts(series: &QuarterSeries, from: i64) -> Vec<(QuarterHour, String)> {
    let later = series.iter().filter(|(quarter, _)| quarter.start().timestamp() >= from);
    let text = |sums: &Sums| {
        let amounts =
            sums.money_sums().map(|(sum, currency, amount)| format!("{sum:?} {currency} {amount}"));
        amounts.collect::<Vec<_>>().join(", ")
    };
    later.map(|(quarter, sums)| (*quarter, text(sums))).collect()
}

fn since(quarters: &Quarters, from: i64) -> Quarters {
    quarters.range(from..).map(|(quarter, counts)| (*quarter, *counts)).collect()
}

/// Reads a campaign's report from the API.
async fn api_report(sources: &Sources<'_>, campaign: &str) -> Result<Quarters, Failure> {
    let range = whole_range()?;
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let path = format!(
        "/v1/campaigns/{campaign}/metrics?granularity=15m&metrics={}&from={}&to={}",
        Counts::METRICS,
        time(range.from()),
        time(range.to()),
    );
    let request = sources.platform.client().get(sources.platform.api(&path));
    let response = request.bearer_auth(&sources.tenant.read_key).send().await?;
    let answer: Value = response.error_for_status()?.json().await?;
    let filled = buckets(answer.get("series")).filter(|(_, counts)| *counts != Counts::default());
    Ok(filled.collect())
}

/// Returns the range of all events that a run may have sent.
fn whole_range() -> Result<TimeRange, Failure> {
    let now = Utc::now();
    Ok(TimeRange::covering(now - TimeDelta::hours(24), now + TimeDelta::hours(1))?)
}

/// Compares until there is no difference. After a timeout, returns the last differences.
async fn retry_until_equal(
    mut compare: impl AsyncFnMut() -> Result<Differences, Failure>,
) -> Result<Differences, Failure> {
    let deadline = Instant::now() + PROPAGATION;
    loop {
        let found = compare().await?;
        if found.none() || Instant::now() >= deadline {
            return Ok(found);
        }
        sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::load::Event;

    /// Returns a sent event of several rows, and its correct rows.
    fn sent(accepted: bool) -> (Uuid, Sent, Stored) {
        let mut random = StdRng::seed_from_u64(1);
        let event = std::iter::repeat_with(|| Event::random(&mut random))
            .find(|event| event.rows() > 1)
            .unwrap();
        let stored = Stored {
            campaign: event.campaign.to_owned(),
            quarter: event.quarter,
            kind: event.kind.as_str().to_owned(),
            rows: event.rows(),
            events: 1,
            places: event.rows(),
            units: event.units(),
        };
        (event.id, Sent { event, accepted }, stored)
    }

    fn found(sent: (Uuid, Sent), stored: Vec<(Uuid, Stored)>) -> (u64, u64) {
        let mut differences = Differences::default();
        let stored = stored.into_iter().map(|(id, stored)| (id, vec![stored])).collect();
        compare_events(&mut differences, &HashMap::from([sent]), &stored);
        assert_eq!(differences.none(), differences.described.is_empty());
        (differences.lost, differences.doubled)
    }

    #[test]
    fn an_accepted_event_must_be_stored_once() {
        let (id, event, rows) = sent(true);
        assert_eq!(found((id, event), vec![]), (1, 0));
        assert_eq!(found((id, event), vec![(id, rows)]), (0, 0));
    }

    #[test]
    fn an_event_that_was_not_accepted_may_be_stored() {
        let (id, event, rows) = sent(false);
        assert_eq!(found((id, event), vec![]), (0, 0));
        assert_eq!(found((id, event), vec![(id, rows)]), (0, 0));
    }

    #[test]
    fn rows_that_are_missing_doubled_changed_or_never_sent_are_found() {
        let (id, event, _) = sent(true);
        let with = |change: fn(&mut Stored)| {
            let (_, _, mut stored) = sent(true);
            change(&mut stored);
            found((id, event), vec![(id, stored)])
        };
        assert_eq!(with(|stored| stored.rows -= 1), (1, 0));
        assert_eq!(with(|stored| stored.rows += 1), (0, 1));
        assert_eq!(with(|stored| stored.places -= 1), (0, 1));
        assert_eq!(with(|stored| stored.quarter += 900), (0, 1));
        assert_eq!(with(|stored| stored.units += 1), (0, 1));
        let (_, _, stranger) = sent(true);
        let (_, _, own) = sent(true);
        assert_eq!(found((id, event), vec![(id, own), (Uuid::nil(), stranger)]), (0, 1));
    }

    #[test]
    fn different_sums_are_lost_or_doubled_events() {
        let one = Counts { clicks: 1, ..Counts::default() };
        let two = Counts { clicks: 2, ..Counts::default() };
        let mut differences = Differences::default();
        differences.between("here", &Quarters::from([(0, two)]), &Quarters::from([(0, one)]));
        assert_eq!((differences.lost, differences.doubled), (1, 0));
        differences.between("here", &Quarters::new(), &Quarters::from([(900, two)]));
        assert_eq!((differences.lost, differences.doubled), (1, 2));
    }
}
