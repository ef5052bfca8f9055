use async_trait::async_trait;
use auth::CampaignScope;
use chrono_tz::Tz;
use metrics::{Granularity, QuarterHour, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};

use crate::{
    campaigns::Campaigns,
    live::{LiveReport, LiveReports},
    reports::Sources,
};

/// What live streams begin with: the same campaigns and numbers as everywhere else.
pub(crate) struct StreamReports {
    pub(crate) campaigns: Campaigns,
    pub(crate) sources: Sources,
}

#[async_trait]
impl LiveReports for StreamReports {
    async fn find_campaign(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        campaign: &CampaignId,
    ) -> Result<(), Problem> {
        self.campaigns.visible(tenant, scope, campaign).await?;
        Ok(())
    }

    async fn series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveReport, Problem> {
        let quarter_hours = Granularity::QuarterHour;
        let found =
            self.sources.ask(tenant, campaign, range, quarter_hours, Tz::UTC, false).await?;
        let stored = found.stored.into_iter();
        let stored = stored.map(|(start, sums)| (QuarterHour::containing(start), sums));
        let series = stored.chain(found.live).collect();
        Ok(LiveReport { series, live_from: found.live_from, as_of: found.as_of })
    }
    async fn is_behind(&self) -> bool {
        self.sources.is_behind().await
    }
}
