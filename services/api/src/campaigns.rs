use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use auth::CampaignScope;
use control_plane::{Campaign, CampaignFilter, ControlPlane};
use problem::Problem;
use tenancy::{AdvertiserId, CampaignId, ClientId, TenantContext};
use warehouse::Advertisers;

use crate::{
    failure::{Failure, shared},
    last_known::LastKnown,
};

/// How long the advertiser of a campaign is cached.
const CACHED: Duration = Duration::from_secs(5);
/// How many campaigns are cached at most.
const MAX_CACHED: u64 = 100_000;

/// How many advertisers' campaigns are cached at most.
const MAX_ADVERTISERS: u64 = 1_000;
/// Of how many tenants the advertisers of all campaigns are cached at most.
const MAX_TENANTS: u64 = 1_000;
/// How many campaigns are read at once.
const PAGE: u16 = 1_000;

/// The campaigns that a credential may see.
#[derive(Clone)]
pub(crate) struct Campaigns {
    control_plane: ControlPlane,
    known: LastKnown<(ClientId, CampaignId), Arc<Campaign>>,
    of_advertisers: LastKnown<(ClientId, AdvertiserId), Arc<[CampaignId]>>,
    of_tenants: LastKnown<ClientId, Arc<[CampaignId]>>,
    advertisers: LastKnown<ClientId, Arc<Advertisers>>,
}

impl Campaigns {
    /// While PostgreSQL is unavailable, the last known state of a campaign is used for the lifetime of
    /// a token: no client sees an older state than its token may have.
    pub(crate) fn new(control_plane: ControlPlane, token_lifetime: Duration) -> Self {
        let known = LastKnown::new(MAX_CACHED, CACHED, token_lifetime);
        let of_advertisers = LastKnown::new(MAX_ADVERTISERS, CACHED, token_lifetime);
        let of_tenants = LastKnown::new(MAX_TENANTS, CACHED, token_lifetime);
        let advertisers = LastKnown::new(MAX_TENANTS, CACHED, token_lifetime);
        Self { control_plane, known, of_advertisers, of_tenants, advertisers }
    }

    /// Returns the campaign if the tenant has it and the credential may see it; otherwise `not_found`, after the same work.
    pub(crate) async fn visible(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
        id: &CampaignId,
    ) -> Result<Arc<Campaign>, Failure> {
        let key = (tenant.client_id().clone(), id.clone());
        let is_read = AtomicBool::new(false);
        let found = self.known.get(key, async || {
            let stored = self.control_plane.for_tenant(tenant);
            let campaign = stored.campaign(&CampaignFilter::default(), id).await?;
            is_read.store(true, Ordering::Relaxed);
            // A missing campaign is not cached: the next event may create it.
            campaign.map(Arc::new).ok_or_else(|| Failure::from(Problem::not_found()))
        });
        let campaign = found.await.map_err(shared)?;
        if scope.admits(id, campaign.advertiser_id.as_ref()) {
            return Ok(campaign);
        }
        // An absent campaign is read each time. So is one of another brand: else it would be answered sooner.
        if !is_read.load(Ordering::Relaxed) {
            let stored = self.control_plane.for_tenant(tenant);
            stored.campaign(&CampaignFilter::default(), id).await?;
        }
        Err(Problem::not_found().into())
    }

    /// Returns the campaigns of a scope, sorted; `None` if it has all of them.
    pub(crate) async fn of_scope(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Option<Arc<[CampaignId]>>, Failure> {
        match scope {
            CampaignScope::All => Ok(None),
            CampaignScope::Campaigns(listed) => {
                let mut listed = listed.clone();
                listed.sort_unstable();
                listed.dedup();
                Ok(Some(listed.into()))
            }
            CampaignScope::Advertiser(own) => {
                let key = (tenant.client_id().clone(), own.clone());
                let found = self.of_advertisers.get(key, async || {
                    let campaigns = self.of(tenant, scope).await?.into_iter();
                    Ok(campaigns.map(|campaign| campaign.campaign_id).collect())
                });
                found.await.map(Some).map_err(shared)
            }
        }
    }

    /// Returns the campaigns of a scope, sorted.
    pub(crate) async fn listed(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Arc<[CampaignId]>, Failure> {
        if let Some(listed) = self.of_scope(tenant, scope).await? {
            return Ok(listed);
        }
        let found = self.of_tenants.get(tenant.client_id().clone(), async || {
            let campaigns = self.of(tenant, scope).await?.into_iter();
            Ok(campaigns.map(|campaign| campaign.campaign_id).collect())
        });
        found.await.map_err(shared)
    }

    /// Returns the advertisers of all campaigns of the tenant, as they are assigned now.
    pub(crate) async fn advertisers(
        &self,
        tenant: &TenantContext,
    ) -> Result<Arc<Advertisers>, Failure> {
        let found = self.advertisers.get(tenant.client_id().clone(), async || {
            let campaigns = self.of(tenant, &CampaignScope::All).await?.into_iter();
            let advertised = campaigns
                .filter_map(|campaign| Some((campaign.campaign_id, campaign.advertiser_id?)));
            Ok(Arc::new(advertised.collect()))
        });
        found.await.map_err(shared)
    }

    async fn of(
        &self,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Vec<Campaign>, Failure> {
        let stored = self.control_plane.for_tenant(tenant);
        let mut all = Vec::<Campaign>::new();
        loop {
            let last = all.last().map(|campaign| &campaign.campaign_id);
            let page = stored.campaigns(&filter(scope), last, PAGE).await?;
            let is_last = page.len() < usize::from(PAGE);
            all.extend(page);
            if is_last {
                return Ok(all);
            }
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
