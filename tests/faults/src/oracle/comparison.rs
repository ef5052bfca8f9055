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

/// An answer may be remembered, and a frame be on its way, for so long.
const SOON: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(250);
/// How long it may take until Redis has hours again that it lost, and which it must have then.
const REBUILT: Duration = Duration::from_secs(120);
const COVERED: TimeDelta = TimeDelta::hours(2);

/// How many differences are described; the rest is counted.
const DESCRIBED: usize = 20;

/// What is not as it was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Differences {
    /// Events that were accepted and are not everywhere.
    pub(crate) lost: u64,
    /// Events that are somewhere more than once, or were never sent.
    pub(crate) doubled: u64,
    /// The first of them, in words.
    pub(crate) described: Vec<String>,
}

impl Differences {
    /// Whether everything is as it was promised.
    pub(crate) fn none(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }

    pub(super) fn add(&mut self, lost: u64, doubled: u64, what: impl FnOnce() -> String) {
        if lost + doubled > 0 {
            self.lost += lost;
            self.doubled += doubled;
            if self.described.len() < DESCRIBED {
                self.described.push(what());
            }
        }
    }

    fn between(&mut self, place: &str, expected: &Quarters, found: &Quarters) {
        for quarter in expected.keys().chain(found.keys().filter(|key| !expected.contains_key(key)))
        {
            let of = |quarters: &Quarters| quarters.get(quarter).copied().unwrap_or_default();
            let (expected, found) = (of(expected), of(found));
            self.add(found.missing(&expected), expected.missing(&found), || {
                let start = DateTime::from_timestamp(*quarter, 0).unwrap_or_default();
                format!("{place}, {start}: {found:?} where {expected:?} were stored")
            });
        }
    }
}

/// Where to look for a tenant's events.
pub(crate) struct Place<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) stores: &'a Stores,
    pub(crate) tenant: &'a Tenant,
    pub(crate) streams: &'a [(&'static str, LiveStream)],
    /// Ids that the archive holds of it.
    pub(crate) archived: &'a BTreeSet<Uuid>,
}

/// Holds what was sent for one tenant against rows, rollups, Redis, the API and the live streams.
pub(crate) async fn compare(
    place: &Place<'_>,
    sent: &HashMap<Uuid, Sent>,
) -> Result<Differences, Failure> {
    let mut differences = Differences::default();
    let context = place.stores.context(place.tenant).await?;
    let stored = stored(place.platform.client(), &context).await?;
    events(&mut differences, sent, &stored);
    let stored_ids: BTreeSet<_> = stored.keys().copied().collect();
    let (lost, more) = (
        stored_ids.difference(place.archived).count() as u64,
        place.archived.difference(&stored_ids).count() as u64,
    );
    differences.add(lost, more, || {
        format!(
            "archive, {}: {lost} stored events are missing, {more} others are there",
            place.tenant.id
        )
    });
    for campaign in CAMPAIGNS {
        let expected = quarters(sent, &stored, campaign);
        let name = |source: &str| format!("{source}, {}, {campaign}", place.tenant.id);
        let id: CampaignId = campaign.parse()?;
        within_stores(&mut differences, place, &context, &id, &expected).await?;
        let asked = soon(async || {
            let mut found = Differences::default();
            found.between(&name("api"), &expected, &over_rest(place, campaign).await?);
            Ok(found)
        });
        differences.merge(asked.await?);
        for (_, stream) in place.streams.iter().filter(|(followed, _)| *followed == campaign) {
            let seen = soon(async || {
                let mut found = Differences::default();
                let name = name("live stream");
                match stream.quarters() {
                    Some((seen, from)) => {
                        found.between(&name, &after(&expected, from), &after(&seen, from));
                    }
                    // Of a campaign that does not exist there is no stream.
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
    /// Takes over what was found elsewhere.
    pub(crate) fn merge(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        let room = DESCRIBED.saturating_sub(self.described.len());
        self.described.extend(other.described.into_iter().take(room));
    }
}

/// Every accepted event is there once with all its rows, and nothing else is.
fn events(
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
                let once = one.events == 1 && one.coordinates == one.rows;
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
        differences.add(0, 1, || format!("{id} was never sent and is stored: {stored:?}"));
    }
}

/// What a campaign adds up to: every event that is stored, once.
fn quarters(
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

/// The rollup says what the rows say, and Redis what the rollup says, money included.
async fn within_stores(
    differences: &mut Differences,
    place: &Place<'_>,
    tenant: &TenantContext,
    campaign: &CampaignId,
    expected: &Quarters,
) -> Result<(), Failure> {
    let name = |source: &str| format!("{source}, {}, {campaign}", place.tenant.id);
    let range = whole_range()?;
    let rollup = place.stores.rollup(tenant, campaign, range).await?;
    differences.between(&name("rollup"), expected, &counted(&rollup));
    let deadline = Instant::now() + REBUILT;
    let (live, from) = loop {
        let live = place.stores.live(tenant, campaign, range).await?;
        let covered = live.covered.map(|covered| covered.from());
        match covered {
            Some(from) if from < Utc::now() - COVERED => break (live, from.timestamp()),
            _ if Instant::now() > deadline => {
                let missing = || format!("{}: whole since {covered:?} only", name("redis"));
                differences.add(1, 0, missing);
                return Ok(());
            }
            _ => sleep(AGAIN).await,
        }
    };
    differences.between(
        &name("redis"),
        &after(expected, from),
        &after(&counted(&live.series), from),
    );
    let (live, rollup) = (money(&live.series, from), money(&rollup, from));
    differences.add(u64::from(live != rollup), 0, || {
        format!("{}: amounts are {live:?} where {rollup:?} are stored", name("redis"))
    });
    Ok(())
}

fn counted(series: &QuarterSeries) -> Quarters {
    let counts = |sums: &Sums| Counts {
        impressions: sums.count(Counter::Impressions),
        clicks: sums.count(Counter::Clicks),
        orders: sums.count(Counter::Orders),
        units: sums.quantity(QuantitySum::UnitsSold).thousandths() / 1000,
    };
    series.iter().map(|(quarter, sums)| (quarter.start().timestamp(), counts(sums))).collect()
}

fn money(series: &QuarterSeries, from: i64) -> Vec<(QuarterHour, String)> {
    let later = series.iter().filter(|(quarter, _)| quarter.start().timestamp() >= from);
    let text = |sums: &Sums| {
        let amounts =
            sums.money_sums().map(|(sum, currency, amount)| format!("{sum:?} {currency} {amount}"));
        amounts.collect::<Vec<_>>().join(", ")
    };
    later.map(|(quarter, sums)| (*quarter, text(sums))).collect()
}

fn after(quarters: &Quarters, from: i64) -> Quarters {
    quarters.range(from..).map(|(quarter, counts)| (*quarter, *counts)).collect()
}

/// What the API answers.
async fn over_rest(place: &Place<'_>, campaign: &str) -> Result<Quarters, Failure> {
    let range = whole_range()?;
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let path = format!(
        "/v1/campaigns/{campaign}/metrics?granularity=15m&metrics={}&from={}&to={}",
        Counts::METRICS,
        time(range.from()),
        time(range.to()),
    );
    let request = place.platform.client().get(place.platform.api(&path));
    let response = request.bearer_auth(&place.tenant.read_key).send().await?;
    let answer: Value = response.error_for_status()?.json().await?;
    let filled = buckets(answer.get("series")).filter(|(_, counts)| *counts != Counts::default());
    Ok(filled.collect())
}

/// Every quarter hour that a run may have sent events of.
fn whole_range() -> Result<TimeRange, Failure> {
    let now = Utc::now();
    Ok(TimeRange::covering(now - TimeDelta::hours(24), now + TimeDelta::hours(1))?)
}

/// Asks until there is no difference; the last answer after a while.
async fn soon(
    mut ask: impl AsyncFnMut() -> Result<Differences, Failure>,
) -> Result<Differences, Failure> {
    let deadline = Instant::now() + SOON;
    loop {
        let found = ask().await?;
        if found.none() || Instant::now() >= deadline {
            return Ok(found);
        }
        sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::load::Event;

    /// An event of several rows, sent and answered so, and its rows as they should be.
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
            coordinates: event.rows(),
            units: event.units(),
        };
        (event.id, Sent { event, accepted }, stored)
    }

    fn found(sent: (Uuid, Sent), stored: Vec<(Uuid, Stored)>) -> (u64, u64) {
        let mut differences = Differences::default();
        let stored = stored.into_iter().map(|(id, stored)| (id, vec![stored])).collect();
        events(&mut differences, &HashMap::from([sent]), &stored);
        assert_eq!(differences.none(), differences.described.is_empty());
        (differences.lost, differences.doubled)
    }

    #[test]
    fn an_accepted_event_must_be_there_once() {
        let (id, event, rows) = sent(true);
        assert_eq!(found((id, event), vec![]), (1, 0));
        assert_eq!(found((id, event), vec![(id, rows)]), (0, 0));
    }

    #[test]
    fn an_event_that_was_not_accepted_may_be_there() {
        let (id, event, rows) = sent(false);
        assert_eq!(found((id, event), vec![]), (0, 0));
        assert_eq!(found((id, event), vec![(id, rows)]), (0, 0));
    }

    #[test]
    fn rows_that_are_missing_doubled_moved_or_of_nobody_are_found() {
        let (id, event, _) = sent(true);
        let with = |change: fn(&mut Stored)| {
            let (_, _, mut stored) = sent(true);
            change(&mut stored);
            found((id, event), vec![(id, stored)])
        };
        assert_eq!(with(|stored| stored.rows -= 1), (1, 0));
        assert_eq!(with(|stored| stored.rows += 1), (0, 1));
        assert_eq!(with(|stored| stored.coordinates -= 1), (0, 1));
        assert_eq!(with(|stored| stored.quarter += 900), (0, 1));
        assert_eq!(with(|stored| stored.units += 1), (0, 1));
        let (_, _, stranger) = sent(true);
        let (_, _, own) = sent(true);
        assert_eq!(found((id, event), vec![(id, own), (Uuid::nil(), stranger)]), (0, 1));
    }

    #[test]
    fn sums_that_differ_are_lost_or_doubled_events() {
        let one = Counts { clicks: 1, ..Counts::default() };
        let two = Counts { clicks: 2, ..Counts::default() };
        let mut differences = Differences::default();
        differences.between("here", &Quarters::from([(0, two)]), &Quarters::from([(0, one)]));
        assert_eq!((differences.lost, differences.doubled), (1, 0));
        differences.between("here", &Quarters::new(), &Quarters::from([(900, two)]));
        assert_eq!((differences.lost, differences.doubled), (1, 2));
    }
}
