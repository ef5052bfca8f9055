//! What visitors and customers do over time: funnels, retention, sessions.

mod attribution;
mod breakdown;
mod fields;
mod funnel;
mod retention;
mod sessions;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy::{CampaignId, TenantContext};
use warehouse::{Local, TenantWarehouse, Warehouse};

use crate::{
    query::{Time, scope},
    reports::Sources,
};

pub(crate) use attribution::{AttributionAnswer, AttributionBody, AttributionRequest};
pub(crate) use fields::{By, duration};
pub(crate) use funnel::{FunnelAnswer, FunnelBody, FunnelRequest};
pub(crate) use retention::{RetentionAnswer, RetentionBody, RetentionRequest};
pub(crate) use sessions::{SessionsAnswer, SessionsQuery, SessionsRequest};

/// Answers questions about the order of events, from the warehouse.
#[derive(Clone)]
pub(crate) struct Behaviour {
    sources: Sources,
    warehouse: Warehouse,
}

/// Who asks: the tenant, and the campaigns that the credential may see; `None`: all.
pub(crate) struct Asker<'a> {
    pub(crate) tenant: &'a TenantContext,
    pub(crate) campaigns: Option<Arc<[CampaignId]>>,
}

impl Behaviour {
    pub(crate) fn new(sources: Sources, warehouse: Warehouse) -> Self {
        Self { sources, warehouse }
    }

    fn reader(&self, asker: &Asker<'_>) -> TenantWarehouse {
        self.warehouse.for_tenant(asker.tenant)
    }

    /// Returns up to when events are known: everything received before is counted.
    async fn as_of(&self) -> Option<DateTime<Utc>> {
        self.sources.stored_as_of().await
    }
}

impl Asker<'_> {
    /// Limits a filter to what the credential may see.
    fn limited(
        &self,
        filter: metrics::Filter<metrics::EventTest>,
    ) -> metrics::Filter<metrics::EventTest> {
        scope::within(filter, self.campaigns.as_deref())
    }

    fn local(&self, time: &Time) -> Local {
        Local { zone: time.zone, home: self.tenant.currency() }
    }
}
