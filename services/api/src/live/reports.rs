use auth::CampaignScope;
use chrono::{DateTime, Utc};
use metrics::{QuarterSeries, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};

/// The port through which streams read reports.
#[async_trait::async_trait]
pub trait LiveReports: Send + Sync {
    /// Nothing, when the tenant has the campaign and the credential may see it.
    ///
    /// # Errors
    /// `not_found`, which is also the answer for another's campaign.
    async fn find_campaign(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        campaign: &CampaignId,
    ) -> Result<(), Problem>;

    /// A campaign's quarter hours at this moment. Never from a cache: a stream goes on from here,
    /// and what was counted before must be in it.
    ///
    /// # Errors
    /// A store is away.
    async fn series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveReport, Problem>;

    /// Whether the feed brings nothing although there is news, which [`Self::series`] then has.
    async fn is_behind(&self) -> bool;
}

/// A campaign's quarter hours, and how far they reach.
#[derive(Clone, Debug)]
pub struct LiveReport {
    /// Quarter hours with events.
    pub series: QuarterSeries,
    /// From where on the feed tells the numbers; before that (everywhere, when none) it only names
    /// the quarter hours that changed.
    pub live_from: Option<DateTime<Utc>>,
    /// Everything received before this is counted; none while that is not known.
    pub as_of: Option<DateTime<Utc>>,
}
