use std::time::Duration;

use auth::CampaignScope;
use control_plane::{Campaign, CampaignFilter, ControlPlane};
use problem::Problem;
use tenancy::{CampaignId, ClientId, TenantContext};

use crate::{
    failure::{Failure, shared},
    last_known::LastKnown,
};

/// How long it is remembered whose a campaign is.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How many are remembered.
const REMEMBERED_MOST: u64 = 100_000;

/// Which campaigns a credential may see.
#[derive(Clone)]
pub(crate) struct Campaigns {
    control_plane: ControlPlane,
    known: LastKnown<(ClientId, CampaignId), Campaign>,
}

impl Campaigns {
    /// Without PostgreSQL, what was known of a campaign counts for as long as a token lives: nobody
    /// sees an older state than their token may be.
    pub(crate) fn new(control_plane: ControlPlane, token_lifetime: Duration) -> Self {
        let known = LastKnown::new(REMEMBERED_MOST, REMEMBERED, token_lifetime);
        Self { control_plane, known }
    }

    /// The campaign, if the tenant has it and the credential may see it; otherwise `not_found`.
    pub(crate) async fn visible(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        id: &CampaignId,
    ) -> Result<Campaign, Failure> {
        let key = (tenant.client_id().clone(), id.clone());
        let found = self.known.get(key, async {
            let stored = self.control_plane.for_tenant(tenant);
            let campaign = stored.campaign(&CampaignFilter::default(), id).await?;
            // What is missing is not remembered: it may appear with the next event.
            campaign.ok_or_else(|| Failure::from(Problem::not_found()))
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

/// What the database leaves out already, so that pages are full.
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
