use std::sync::Arc;

use async_trait::async_trait;
use auth::CampaignScope;
use metrics::{QuarterHour, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};

use super::{LiveReport, LiveReports};
use crate::{campaigns::Campaigns, reports::Sources};

/// The campaigns and numbers of live streams: the same as of all other routes.
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

    async fn campaigns(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Arc<[CampaignId]>, Problem> {
        Ok(self.campaigns.listed(tenant, scope).await?)
    }

    async fn series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveReport, Problem> {
        let found = self.sources.quarter_hours(tenant, campaign, range).await?;
        let stored = found.stored.into_iter();
        let stored = stored.map(|(start, sums)| (QuarterHour::containing(start), sums));
        let series = stored.chain(found.live).collect();
        Ok(LiveReport { series, live_from: found.live_from, as_of: found.as_of })
    }

    async fn is_behind(&self) -> bool {
        self.sources.is_behind().await
    }
}
