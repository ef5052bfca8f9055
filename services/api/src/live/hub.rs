use std::{
    collections::HashMap,
    slice,
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

use super::{Live, LiveReports, broadcast::Broadcast, command::Command, feed::Feed, form::Form};
use crate::failure::Failure;

/// The broadcasts of this process: one for each campaign that has streams, and one for each tenant that
/// has streams of several campaigns.
#[derive(Clone)]
pub(crate) struct Hub {
    broadcasts: Arc<Mutex<HashMap<Subject, WeakUnboundedSender<Command>>>>,
    lifecycle: Lifecycle,
    runtime: Handle,
}

/// What a broadcast is about: a tenant's campaign, or its campaigns.
type Subject = (ClientId, Option<CampaignId>);

/// The most campaigns that a stream may name.
pub(crate) const MAX_NAMED: usize = 200;
/// The most campaigns of a stream of all.
pub(crate) const MAX_ALL: usize = 1_000;

/// Which campaigns a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One campaign, whose frames contain nothing else.
    Campaign(CampaignId),
    /// Several, whose frames contain a list.
    Campaigns(Vec<CampaignId>),
    /// All that the credential may see, in a list.
    All,
}

/// The campaigns of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Watched {
    Campaign(CampaignId),
    Campaigns(Arc<[CampaignId]>),
    /// All that the credential may see, as far as they exist now.
    All(Arc<[CampaignId]>),
}

/// The proof that a credential may see a tenant's campaigns. A stream is opened with it alone, so
/// that its frames are those of these campaigns of that tenant.
pub(crate) struct Viewer {
    tenant: TenantContext,
    watched: Watched,
    principal: Principal,
}

impl Watched {
    pub(crate) fn campaigns(&self) -> &[CampaignId] {
        match self {
            Self::Campaign(campaign) => slice::from_ref(campaign),
            Self::Campaigns(campaigns) | Self::All(campaigns) => campaigns,
        }
    }

    pub(crate) const fn is_all(&self) -> bool {
        matches!(self, Self::All(_))
    }

    /// Returns the campaign of the broadcast; `None` if it is about several.
    pub(crate) const fn one(&self) -> Option<&CampaignId> {
        match self {
            Self::Campaign(campaign) => Some(campaign),
            Self::Campaigns(_) | Self::All(_) => None,
        }
    }

    pub(crate) const fn form(&self) -> Form {
        match self {
            Self::Campaign(_) => Form::Campaign,
            Self::Campaigns(_) | Self::All(_) => Form::List,
        }
    }
}

impl Viewer {
    /// Checks that the tenant has the campaigns and that the principal may see them.
    ///
    /// # Errors
    /// `not_found`, also for a campaign of another tenant; or there are too many.
    pub(crate) async fn admit(
        reports: &dyn LiveReports,
        tenant: &TenantContext,
        principal: &Principal,
        choice: Choice,
    ) -> Result<Self, Problem> {
        let scope: &CampaignScope = &principal.scope;
        let watched = match choice {
            Choice::Campaign(campaign) => {
                reports.find_campaign(tenant, scope, &campaign).await?;
                Watched::Campaign(campaign)
            }
            Choice::Campaigns(campaigns) => {
                for campaign in &campaigns {
                    reports.find_campaign(tenant, scope, campaign).await?;
                }
                Watched::Campaigns(campaigns.into())
            }
            Choice::All => {
                let campaigns = reports.campaigns(tenant, scope).await?;
                if campaigns.len() > MAX_ALL {
                    let reason = format!("must name campaigns: there are more than {MAX_ALL}");
                    return Err(Problem::field("?campaigns", reason));
                }
                Watched::All(campaigns)
            }
        };
        Ok(Self { tenant: tenant.clone(), watched, principal: principal.clone() })
    }

    pub(crate) const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    pub(crate) const fn watched(&self) -> &Watched {
        &self.watched
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

    /// Returns the broadcast of the viewer's campaigns; starts it if this is its first stream. It
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
        let campaign = viewer.watched.one();
        let subject = (viewer.tenant.client_id().clone(), campaign.cloned());
        if let Some(running) = self.running(&subject) {
            return Ok(running);
        }
        let feed = Feed::follow(&live.feed, &viewer.tenant, campaign).await;
        let feed = feed.map_err(Failure::from)?;
        let mut broadcasts = self.broadcasts();
        // Another stream may have started it meanwhile.
        if let Some(running) = broadcasts.get(&subject).and_then(running) {
            return Ok(running);
        }
        let (commands, received) = unbounded_channel();
        broadcasts.insert(subject.clone(), commands.downgrade());
        drop(broadcasts);
        let broadcast = Broadcast::new(live, web, viewer, feed, received);
        let hub = self.clone();
        let _runtime = self.runtime.enter();
        self.lifecycle.spawn("live broadcast", Broadcast::STOP_BUDGET, async move {
            broadcast.run(hub.lifecycle.token()).await;
            hub.forget(&subject);
            Ok(())
        });
        Ok(commands)
    }

    fn running(&self, subject: &Subject) -> Option<UnboundedSender<Command>> {
        self.broadcasts().get(subject).and_then(running)
    }

    /// Removes a broadcast that has ended, unless the next one of the same subject has begun.
    fn forget(&self, subject: &Subject) {
        let mut broadcasts = self.broadcasts();
        if broadcasts.get(subject).is_some_and(|sender| running(sender).is_none()) {
            broadcasts.remove(subject);
        }
    }

    fn broadcasts(&self) -> MutexGuard<'_, HashMap<Subject, WeakUnboundedSender<Command>>> {
        self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the sender to a broadcast that still runs. Streams may hold one to a broadcast that has
/// ended.
fn running(sender: &WeakUnboundedSender<Command>) -> Option<UnboundedSender<Command>> {
    sender.upgrade().filter(|sender| !sender.is_closed())
}
