use std::{collections::BTreeMap, sync::Arc};

use aggregates::{Aggregates, LiveSeries};
use auth::{KeyEncryptionKey, Sealer};
use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, Group, Ledger, SealedDataKeys};
use metrics::{Granularity, QuarterHour, QuarterSeries, TimeRange};
use tenancy::{CampaignId, TenantContext, TenantRouter};
use testkit::{Platform, Tenant, setting};
use warehouse::Warehouse;

use crate::Failure;

/// The consumer groups of the log of events.
const GROUPS: [Group; 3] = [Group::Store, Group::Live, Group::Archive];

/// The stores of a platform, without a proxy in between.
pub(crate) struct Stores {
    router: TenantRouter,
    aggregates: Aggregates,
    warehouse: Warehouse,
    ledger: Ledger,
    data_keys: Arc<SealedDataKeys>,
    events_topic: String,
}

impl Stores {
    /// Connects in the same way as the services.
    pub(crate) async fn of(platform: &Platform) -> Result<Self, Failure> {
        let own = |name: &str| platform.settings().get(name).cloned().unwrap_or_default();
        let mut clusters = BTreeMap::new();
        for name in ["shared", "dedicated"] {
            clusters.insert(name.parse()?, testkit::cluster(name));
        }
        let control_plane = ControlPlane::connect(&platform.postgres()).await?;
        let key: KeyEncryptionKey = setting("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY").parse()?;
        #[expect(clippy::disallowed_methods, reason = "the oracle reads what the platform wrote")]
        let operator = TenantRouter::platform("faults");
        let control = control_plane.for_platform(&operator);
        let data_keys = SealedDataKeys::new(control, Sealer::with_keys(key, []));
        Ok(Self {
            data_keys: Arc::new(data_keys),
            ledger: control_plane.ledger(),
            router: TenantRouter::new(Arc::new(control_plane)),
            aggregates: Aggregates::connect(&platform.redis())?,
            warehouse: Warehouse::new(clusters),
            events_topic: own("FOOTFALL__KAFKA__EVENTS_TOPIC"),
        })
    }

    /// Returns the context of a tenant.
    #[expect(clippy::disallowed_methods, reason = "the oracle reads the stores of its own tenants")]
    pub(crate) async fn context(&self, tenant: &Tenant) -> Result<TenantContext, Failure> {
        Ok(self.router.resolve_record(&tenant.id.parse()?).await?)
    }

    /// Returns the ledger.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the data keys with which the archive is encrypted.
    pub(crate) fn data_keys(&self) -> Arc<SealedDataKeys> {
        Arc::clone(&self.data_keys)
    }

    /// Returns the time up to which every sink has all received events.
    pub(crate) async fn as_of(&self) -> Result<Option<DateTime<Utc>>, Failure> {
        let mut least = None;
        for group in GROUPS {
            let Some(as_of) = self.ledger.as_of(group, &self.events_topic).await? else {
                return Ok(None);
            };
            least = Some(least.map_or(as_of, |least: DateTime<Utc>| least.min(as_of)));
        }
        Ok(least)
    }

    /// Reads the live counters from Redis.
    pub(crate) async fn live(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<LiveSeries, Failure> {
        Ok(self.aggregates.for_tenant(tenant).campaign_series(campaign, range, &[]).await?)
    }

    /// Reads the rollup from ClickHouse.
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
