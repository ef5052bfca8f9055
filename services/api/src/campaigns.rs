use std::{sync::Arc, time::Duration};

use auth::CampaignScope;
use control_plane::{Campaign, CampaignFilter, ControlPlane};
use problem::Problem;
use tenancy::{CampaignId, ClientId, TenantContext};

use crate::{
    failure::{Failure, shared},
    last_known::LastKnown,
};

/// How long the advertiser of a campaign is cached.
const CACHED: Duration = Duration::from_secs(5);
/// How many campaigns are cached at most.
const MAX_CACHED: u64 = 100_000;

/// The campaigns that a credential may see.
#[derive(Clone)]
pub(crate) struct Campaigns {
    control_plane: ControlPlane,
    known: LastKnown<(ClientId, CampaignId), Arc<Campaign>>,
}

impl Campaigns {
    /// While PostgreSQL is unavailable, the last known state of a campaign is used for the lifetime of
    /// a token: no client sees an older state than its token may have.
    pub(crate) fn new(control_plane: ControlPlane, token_lifetime: Duration) -> Self {
        let known = LastKnown::new(MAX_CACHED, CACHED, token_lifetime);
        Self { control_plane, known }
    }

    /// Returns the campaign if the tenant has it and the credential may see it; otherwise `not_found`.
    pub(crate) async fn visible(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        id: &CampaignId,
    ) -> Result<Arc<Campaign>, Failure> {
        let key = (tenant.client_id().clone(), id.clone());
        let found = self.known.get(key, async || {
            let stored = self.control_plane.for_tenant(tenant);
            let campaign = stored.campaign(&CampaignFilter::default(), id).await?;
            // A missing campaign is not cached: the next event may create it.
            campaign.map(Arc::new).ok_or_else(|| Failure::from(Problem::not_found()))
        });
        let campaign = found.await.map_err(shared)?;
        if scope.admits(id, campaign.advertiser_id.as_ref()) {
            Ok(campaign)
        } else {
            Err(Problem::not_found().into())
        }
    }

    /// Forgets a campaign that was just changed.
    pub(crate) async fn forget(&self, tenant: &TenantContext, id: &CampaignId) {
        self.known.forget(&(tenant.client_id().clone(), id.clone())).await;
    }
}

/// Returns the filter for the database, so that pages are full.
pub(crate) fn filter(scope: &CampaignScope) -> CampaignFilter<'_> {
    match scope {
        CampaignScope::All => CampaignFilter::default(),
        CampaignScope::Advertiser(own) => {
            CampaignFilter { advertiser: Some(own), ..CampaignFilter::default() }
        }
        CampaignScope::Campaigns(listed) => {
            CampaignFilter { campaigns: Some(listed), ..CampaignFilter::default() }
        }
    }
}
