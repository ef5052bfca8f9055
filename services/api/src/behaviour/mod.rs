//! What visitors and customers do over time: funnels, retention, sessions.

mod attribution;
mod breakdown;
mod fields;
mod funnel;
mod retention;
mod sessions;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use metrics::TimeRange;
use tenancy::{CampaignId, TenantContext};
use warehouse::{Local, TenantWarehouse, Warehouse};

use crate::{
    failure::Failure,
    query::{Time, scope},
    reports::{Reads, Sources, retained},
};

pub(crate) use attribution::{
    AttributionAnswer, AttributionBody, AttributionRequest, QueryAttribution, QueryAttributionBody,
    UsedAttribution, of_ads,
};
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

    /// Returns from when on rows are retained, if events are read from before that time.
    ///
    /// # Errors
    /// The range has expired, and nothing of it is stored; `pointer` names its start. Or a store is unavailable.
    async fn retained(
        &self,
        asker: &Asker<'_>,
        (range, pointer): (TimeRange, &str),
        read_from: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Failure> {
        if asker.campaigns.is_none() {
            self.sources.still_known(asker.tenant, range, pointer, Reads::Rows).await?;
        }
        let retained_from = self.sources.retained_from(asker.tenant, Reads::Rows).await;
        Ok(retained::touched(retained_from, [read_from]))
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
