use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use aggregates::Aggregates;
use auth::CampaignScope;
use chrono::Utc;
use log::LogPlace;
use metrics::{Counter, QuarterHour, Sums, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};

use crate::live::{LiveReport, LiveReports, hub::MAX_ALL};

/// Reports from Redis, or (for hours that are not whole there) the clicks that ClickHouse would have.
/// Two campaigns exist, until they are hidden, and a third one once it is created.
pub(super) struct TestReports {
    pub(super) aggregates: Aggregates,
    pub(super) stored_clicks: AtomicU64,
    /// The quarter hour of these clicks: the test's, which may end before the test does.
    pub(super) quarter: QuarterHour,
    pub(super) reads: AtomicU64,
    pub(super) hidden: AtomicBool,
    pub(super) winter_exists: AtomicBool,
    pub(super) redis_is_halted: AtomicBool,
    /// Whether so many more campaigns exist that a stream of all has too many, also without the hidden ones.
    pub(super) is_crowded: AtomicBool,
    /// Whether the summer sale has no report.
    pub(super) summer_fails: AtomicBool,
    /// How long a report takes.
    pub(super) delay: Mutex<Duration>,
}

impl TestReports {
    fn existing(&self) -> Vec<CampaignId> {
        let own = ["spring-sale", "summer-sale"].iter();
        let own = own.filter(|_| !self.hidden.load(Ordering::Relaxed));
        let winter = self.winter_exists.load(Ordering::Relaxed).then_some(&"winter-sale");
        let more = if self.is_crowded.load(Ordering::Relaxed) { MAX_ALL + 1 } else { 0 };
        let more = (0..more).map(|number| format!("more-{number}"));
        let own = own.chain(winter).map(|id| (*id).to_owned());
        own.chain(more).map(|id| id.parse().unwrap()).collect()
    }
}

#[async_trait::async_trait]
impl LiveReports for TestReports {
    async fn find_campaign(
        &self,
        _: &TenantContext,
        _: &CampaignScope,
        campaign: &CampaignId,
    ) -> Result<(), Problem> {
        match self.existing().contains(campaign) {
            true => Ok(()),
            false => Err(Problem::not_found()),
        }
    }

    async fn campaigns(
        &self,
        _: &TenantContext,
        _: &CampaignScope,
    ) -> Result<Arc<[CampaignId]>, Problem> {
        Ok(self.existing().into())
    }

    async fn series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveReport, Problem> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        if campaign.as_str() == "summer-sale" && self.summer_fails.load(Ordering::Relaxed) {
            return Err(Problem::unavailable(Duration::from_secs(1), "no report"));
        }
        let as_of = Some(Utc::now());
        let reader = self.aggregates.for_tenant(tenant);
        let noted: &[_] = match self.redis_is_halted.load(Ordering::Relaxed) {
            true => &[const { LogPlace::new(1, 0, u64::MAX) }],
            false => &[],
        };
        let live = reader.campaign_series(campaign, range, noted).await.unwrap();
        let live_from = live.covered.map(|covered| covered.from());
        let mut series = live.series;
        if live_from.is_none() {
            let mut sums = Sums::default();
            sums.add_count(Counter::Clicks, None, self.stored_clicks.load(Ordering::Relaxed));
            series.insert(self.quarter, sums);
        }
        Ok(LiveReport { series, live_from, as_of })
    }

    async fn is_behind(&self) -> bool {
        self.redis_is_halted.load(Ordering::Relaxed)
    }
}
