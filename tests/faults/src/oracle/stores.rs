use std::{collections::BTreeMap, sync::Arc};

use aggregates::{Aggregates, LiveSeries, RedisSettings};
use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, Ledger, PostgresSettings};
use metrics::{Granularity, QuarterHour, QuarterSeries, TimeRange};
use settings::Secret;
use tenancy::{CampaignId, TenantContext, TenantRouter};
use testkit::{Platform, Tenant};
use warehouse::Warehouse;

use crate::Failure;

/// The consumer groups that everything must have passed.
const SINKS: [&str; 3] = ["store", "live", "archive"];

/// The stores of a platform, seen from within, past any proxy.
pub(crate) struct Stores {
    router: TenantRouter,
    aggregates: Aggregates,
    warehouse: Warehouse,
    ledger: Ledger,
    events_topic: String,
}

impl Stores {
    /// Connects as the services do.
    pub(crate) async fn of(platform: &Platform) -> Result<Self, Failure> {
        let own = |name: &str| platform.settings().get(name).cloned().unwrap_or_default();
        let postgres =
            PostgresSettings { url: Secret::new(platform.database_url()), max_connections: 2 };
        let redis = RedisSettings {
            url: Secret::new(testkit::setting("FOOTFALL__REDIS__URL")),
            slot_buckets: 1,
            namespace: own("FOOTFALL__REDIS__NAMESPACE"),
        };
        let mut clusters = BTreeMap::new();
        for name in ["shared", "dedicated"] {
            clusters.insert(name.parse()?, testkit::cluster(name));
        }
        let control_plane = ControlPlane::connect(&postgres).await?;
        Ok(Self {
            ledger: control_plane.ledger(),
            router: TenantRouter::new(Arc::new(control_plane)),
            aggregates: Aggregates::connect(&redis)?,
            warehouse: Warehouse::new(clusters),
            events_topic: own("FOOTFALL__KAFKA__EVENTS_TOPIC"),
        })
    }

    /// The tenant's context.
    #[expect(
        clippy::disallowed_methods,
        reason = "the oracle looks into the stores of its own tenants"
    )]
    pub(crate) async fn context(&self, tenant: &Tenant) -> Result<TenantContext, Failure> {
        Ok(self.router.resolve_record(&tenant.id.parse()?).await?)
    }

    /// What the processors say that they have done.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Everything received before this moment is said to be in every sink.
    pub(crate) async fn as_of(&self) -> Result<Option<DateTime<Utc>>, Failure> {
        let mut least = None;
        for sink in SINKS {
            let Some(as_of) = self.ledger.as_of(sink, &self.events_topic).await? else {
                return Ok(None);
            };
            least = Some(least.map_or(as_of, |least: DateTime<Utc>| least.min(as_of)));
        }
        Ok(least)
    }

    /// What Redis holds.
    pub(crate) async fn live(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveSeries, Failure> {
        Ok(self.aggregates.for_tenant(tenant).campaign_series(campaign, range, &[]).await?)
    }

    /// What ClickHouse's rollup holds.
    pub(crate) async fn rollup(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<QuarterSeries, Failure> {
        let reader = self.warehouse.for_tenant(tenant);
        let quarter = Granularity::QuarterHour;
        let series = reader.campaign_series(campaign, range, quarter, chrono_tz::UTC).await?;
        Ok(series.into_iter().map(|(start, sums)| (QuarterHour::containing(start), sums)).collect())
    }
}
