//! Metrics in windows of time: tumbling, sliding, and of sessions.

mod answer;
mod body;
mod sessions;
mod steps;

use std::sync::Arc;

use tenancy::{CampaignId, TenantContext};

pub(crate) use self::{
    answer::WindowsAnswer,
    body::{WindowsBody, WindowsRequest},
};
use self::{
    answer::{Counted, WindowRow},
    body::WindowKind,
};
use super::{Queries, scope};
use crate::{
    failure::Failure,
    reports::{Reads, retained},
};

impl Queries {
    /// Computes metrics in windows, limited to the campaigns that the credential may see.
    ///
    /// # Errors
    /// The range has expired and nothing of it is stored, the query is too expensive, or a store is unavailable.
    pub(crate) async fn windows(
        &self,
        tenant: &TenantContext,
        campaigns: Option<Arc<[CampaignId]>>,
        request: &WindowsRequest,
    ) -> Result<WindowsAnswer, Failure> {
        let query = scope::limited(&request.query, campaigns.as_deref())?;
        let advertisers = self.advertisers(tenant, &query).await?;
        let (range, reads) = match &request.kind {
            WindowKind::Steps { windows, .. } => (windows.range(), query.reads()),
            WindowKind::Sessions(_) => (query.range, Reads::Rows),
        };
        if campaigns.is_none() {
            self.sources.still_known(tenant, range, "/time/from", reads).await?;
        }
        let source = self.source(tenant, reads, &[range]).await?;
        let retained_from = self.sources.retained_from(tenant, reads).await;
        let own = tenant.currency();
        let counted = match &request.kind {
            WindowKind::Steps { windows, .. } => {
                let advertisers = advertisers.as_deref();
                steps::count(&source, own, &query, windows, advertisers).await?
            }
            WindowKind::Sessions(window) => {
                sessions::count(&source.warehouse, own, &query, *window).await?
            }
        };
        let read_from = match &request.kind {
            WindowKind::Steps { .. } => retained::read_from(range, query.needs_new_to_brand()),
            WindowKind::Sessions(_) => sessions::read_from(range),
        };
        let retained_from = retained::touched(retained_from, [read_from]);
        Ok(WindowsAnswer::new(request, counted, own, source.as_of, retained_from))
    }
}
