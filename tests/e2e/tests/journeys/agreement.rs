//! Redis and ClickHouse, asked directly, must give the same numbers.

use std::sync::Arc;

use aggregates::{Aggregates, LiveSeries, RedisSettings};
use chrono::{TimeDelta, Utc};
use control_plane::{ControlPlane, PostgresSettings};
use metrics::{Granularity, QuarterHour, QuarterSeries, Sums, TimeRange};
use settings::Secret;
use tenancy::{TenantContext, TenantRouter};
use testkit::{Platform, Tenant, eventually};
use warehouse::Warehouse;

/// The stores of a platform, seen from within.
pub(crate) struct Stores {
    router: TenantRouter,
    aggregates: Aggregates,
    warehouse: Warehouse,
}

impl Stores {
    /// Connects as the services do.
    pub(crate) async fn of(platform: &Platform) -> Self {
        let setting = |name: &str| match platform.settings().get(name) {
            Some(value) => value.clone(),
            None => testkit::setting(name),
        };
        let postgres = PostgresSettings {
            url: Secret::new(setting("FOOTFALL__POSTGRES__URL")),
            max_connections: 2,
        };
        let redis = RedisSettings {
            url: Secret::new(setting("FOOTFALL__REDIS__URL")),
            slot_buckets: platform
                .settings()
                .get("FOOTFALL__REDIS__SLOT_BUCKETS")
                .map_or(1, |buckets| buckets.parse().unwrap()),
            namespace: setting("FOOTFALL__REDIS__NAMESPACE"),
        };
        let clusters =
            ["shared", "dedicated"].map(|name| (name.parse().unwrap(), testkit::cluster(name)));
        let directory = ControlPlane::connect(&postgres).await.unwrap();
        Self {
            router: TenantRouter::new(Arc::new(directory)),
            aggregates: Aggregates::connect(&redis).unwrap(),
            warehouse: Warehouse::new(clusters),
        }
    }

    /// The tenant's context.
    #[expect(clippy::disallowed_methods, reason = "a test looks into the stores of its own tenant")]
    pub(crate) async fn context(&self, tenant: &Tenant) -> TenantContext {
        self.router.resolve_record(&tenant.id.parse().unwrap()).await.unwrap()
    }

    /// What Redis holds of so many hours, all of which it must hold.
    pub(crate) async fn live(&self, tenant: &Tenant, campaign: &str, hours: i64) -> QuarterSeries {
        let found = self.found(tenant, campaign, hours).await;
        assert_eq!(found.covered, Some(last_hours(hours)), "no hour may be missing");
        found.series
    }

    /// What Redis says that it holds of so many hours.
    pub(crate) async fn found(&self, tenant: &Tenant, campaign: &str, hours: i64) -> LiveSeries {
        let context = self.context(tenant).await;
        let read = self.aggregates.for_tenant(&context);
        read.campaign_series(&campaign.parse().unwrap(), last_hours(hours), &[]).await.unwrap()
    }

    /// What ClickHouse holds of the same hours.
    pub(crate) async fn stored(
        &self,
        tenant: &Tenant,
        campaign: &str,
        hours: i64,
    ) -> QuarterSeries {
        let context = self.context(tenant).await;
        let (campaign, range) = (campaign.parse().unwrap(), last_hours(hours));
        let read = self.warehouse.for_tenant(&context);
        let series =
            read.campaign_series(&campaign, range, Granularity::QuarterHour, chrono_tz::UTC);
        let series = series.await.unwrap().into_iter();
        // Redis has no quarter hour in which nothing was counted, such as one of page views alone.
        let counted = series.filter(|(_, sums)| *sums != Sums::default());
        counted.map(|(start, sums)| (QuarterHour::containing(start), sums)).collect()
    }

    /// Waits until both hold the same of the last four hours, every quarter hour and every number
    /// of it.
    pub(crate) async fn agree(&self, tenant: &Tenant, campaign: &str) {
        self.agree_over(tenant, campaign, 4).await;
    }

    /// The same of so many hours.
    pub(crate) async fn agree_over(&self, tenant: &Tenant, campaign: &str, hours: i64) {
        eventually("redis holds all and agrees with clickhouse", async || {
            let live = self.found(tenant, campaign, hours).await;
            let stored = self.stored(tenant, campaign, hours).await;
            let is_all = live.covered == Some(last_hours(hours));
            (is_all && live.series == stored && !stored.is_empty()).then_some(())
        })
        .await;
    }
}

fn last_hours(hours: i64) -> TimeRange {
    let hour = Utc::now().timestamp() / 3_600 * 3_600;
    let next = chrono::DateTime::from_timestamp(hour + 3_600, 0).unwrap();
    TimeRange::covering(next - TimeDelta::hours(hours), next).unwrap()
}
