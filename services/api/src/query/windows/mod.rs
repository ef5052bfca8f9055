//! Metrics in windows of time: tumbling, sliding, and of sessions.

mod answer;
mod body;
mod sessions;
mod steps;

use std::sync::Arc;

use tenancy::{CampaignId, TenantContext};

pub(crate) use self::{answer::WindowsAnswer, body::WindowsBody};
use self::{
    answer::{Counted, WindowRow},
    body::{WindowKind, WindowsRequest},
};
use super::{Queries, scope};
use crate::failure::Failure;

impl Queries {
    /// Computes metrics in windows, limited to the campaigns that the credential may see.
    ///
    /// # Errors
    /// The query is too expensive, or a store is unavailable.
    pub(crate) async fn windows(
        &self,
        tenant: &TenantContext,
        campaigns: Option<Arc<[CampaignId]>>,
        request: &WindowsRequest,
    ) -> Result<WindowsAnswer, Failure> {
        let as_of = self.sources.stored_as_of().await;
        let query = scope::limited(&request.query, campaigns.as_deref())?;
        let advertisers = self.advertisers(tenant, &query).await?;
        let warehouse = self.warehouse.for_tenant(tenant).in_one_slot().await?;
        let own = tenant.currency();
        let counted = match &request.kind {
            WindowKind::Steps { windows, .. } => {
                let advertisers = advertisers.as_deref();
                steps::count(&warehouse, own, &query, windows, advertisers).await?
            }
            WindowKind::Sessions(window) => {
                sessions::count(&warehouse, own, &query, *window).await?
            }
        };
        Ok(WindowsAnswer::new(request, counted, own, as_of))
    }
}
