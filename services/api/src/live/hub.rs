use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use auth::{CampaignScope, Principal};
use lifecycle::Lifecycle;
use problem::Problem;
use tenancy::{CampaignId, ClientId, TenantContext};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedSender, WeakUnboundedSender, unbounded_channel},
};
use web::WebState;

use super::{Live, LiveReports, broadcast::Broadcast, command::Command};
use crate::failure::Failure;

/// The broadcasts of this process, one for each campaign that has streams.
#[derive(Clone)]
pub(crate) struct Hub {
    broadcasts: Arc<Mutex<HashMap<Watched, WeakUnboundedSender<Command>>>>,
    lifecycle: Lifecycle,
    runtime: Handle,
}

/// A tenant's campaign.
type Watched = (ClientId, CampaignId);

/// The proof that a credential may see a tenant's campaign. A stream is opened with it alone, so
/// that its frames are those of that campaign of that tenant.
pub(crate) struct Viewer {
    tenant: TenantContext,
    campaign: CampaignId,
    principal: Principal,
}

impl Viewer {
    /// Checks that the tenant has the campaign and that the principal may see it.
    ///
    /// # Errors
    /// `not_found`, also for a campaign of another tenant.
    pub(crate) async fn admit(
        reports: &dyn LiveReports,
        tenant: &TenantContext,
        principal: &Principal,
        campaign: CampaignId,
    ) -> Result<Self, Problem> {
        let scope: &CampaignScope = &principal.scope;
        reports.find_campaign(tenant, scope, &campaign).await?;
        Ok(Self { tenant: tenant.clone(), campaign, principal: principal.clone() })
    }

    pub(crate) const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    pub(crate) const fn campaign(&self) -> &CampaignId {
        &self.campaign
    }

    pub(crate) const fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl Hub {
    /// Creates a hub whose broadcasts run on the present runtime until `lifecycle` stops. A worker
    /// of the server has a runtime of its own, which a broadcast would block.
    pub(crate) fn new(lifecycle: &Lifecycle) -> Self {
        Self {
            broadcasts: Arc::default(),
            lifecycle: lifecycle.clone(),
            runtime: Handle::current(),
        }
    }

    /// Returns the broadcast of the viewer's campaign; starts it if this is its first stream. It
    /// runs as long as it has streams, or the result is there.
    ///
    /// # Errors
    /// Redis did not answer.
    pub(crate) async fn broadcast(
        &self,
        live: &Live,
        web: &WebState,
        viewer: &Viewer,
    ) -> Result<UnboundedSender<Command>, Problem> {
        let watched = (viewer.tenant.client_id().clone(), viewer.campaign.clone());
        if let Some(running) = self.running(&watched) {
            return Ok(running);
        }
        let feed = live.feed.follow(&viewer.tenant, &viewer.campaign).await;
        let feed = feed.map_err(Failure::from)?;
        let mut broadcasts = self.broadcasts();
        // Another stream may have started it meanwhile.
        if let Some(running) = broadcasts.get(&watched).and_then(running) {
            return Ok(running);
        }
        let (commands, received) = unbounded_channel();
        broadcasts.insert(watched.clone(), commands.downgrade());
        drop(broadcasts);
        let broadcast = Broadcast::new(live, web, viewer, feed, received);
        let hub = self.clone();
        let _runtime = self.runtime.enter();
        self.lifecycle.spawn("live broadcast", Broadcast::STOP_BUDGET, async move {
            broadcast.run(hub.lifecycle.token()).await;
            hub.forget(&watched);
            Ok(())
        });
        Ok(commands)
    }

    fn running(&self, watched: &Watched) -> Option<UnboundedSender<Command>> {
        self.broadcasts().get(watched).and_then(running)
    }

    /// Removes a broadcast that has ended, unless the next one of the campaign has begun.
    fn forget(&self, watched: &Watched) {
        let mut broadcasts = self.broadcasts();
        if broadcasts.get(watched).is_some_and(|sender| running(sender).is_none()) {
            broadcasts.remove(watched);
        }
    }

    fn broadcasts(&self) -> MutexGuard<'_, HashMap<Watched, WeakUnboundedSender<Command>>> {
        self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the sender to a broadcast that still runs. Streams may hold one to a broadcast that has
/// ended.
fn running(sender: &WeakUnboundedSender<Command>) -> Option<UnboundedSender<Command>> {
    sender.upgrade().filter(|sender| !sender.is_closed())
}
