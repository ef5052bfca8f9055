use std::sync::Arc;

use auth::CampaignScope;
use chrono::{DateTime, Utc};
use metrics::{QuarterSeries, TimeRange};
use problem::Problem;
use tenancy::{CampaignId, TenantContext};

/// The port through which streams read reports.
///
/// Production has one implementation, [`super::StreamReports`]. The tests replace it, because they
/// need what real stores cannot show: they count the reads of a stream, and decide between two
/// frames what ClickHouse has counted and whether Redis is behind.
#[async_trait::async_trait]
pub(crate) trait LiveReports: Send + Sync {
    /// Checks that the tenant has the campaign and that the credential may see it.
    ///
    /// # Errors
    /// `not_found`, also for a campaign of another tenant.
    async fn find_campaign(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        campaign: &CampaignId,
    ) -> Result<(), Problem>;

    /// Returns the campaigns that the credential may see. A new one may be missing for a few seconds.
    ///
    /// # Errors
    /// A store is unavailable.
    async fn campaigns(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Arc<[CampaignId]>, Problem>;

    /// Returns a campaign's quarter hours now. Never from a cache: a stream continues from here, so
    /// everything counted before must be included.
    ///
    /// # Errors
    /// A store is unavailable.
    async fn series(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveReport, Problem>;

    /// Returns whether Redis is behind ClickHouse, so that the feed lacks changes that
    /// [`Self::series`] has.
    async fn is_behind(&self) -> bool;
}

/// A campaign's quarter hours, and how current they are.
#[derive(Clone, Debug)]
pub(crate) struct LiveReport {
    /// The quarter hours with events.
    pub(crate) series: QuarterSeries,
    /// From here on the feed contains the numbers. Before (everywhere, if `None`) it only names the
    /// quarter hours that changed.
    pub(crate) live_from: Option<DateTime<Utc>>,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
}
