//! Redis and ClickHouse, queried directly, must have the same numbers.

use std::sync::Arc;

use aggregates::{Aggregates, LiveSeries};
use chrono::{TimeDelta, Utc};
use control_plane::ControlPlane;
use metrics::{Granularity, QuarterHour, QuarterSeries, Sums, TimeRange};
use tenancy::{TenantContext, TenantRouter};
use testkit::{Platform, Tenant, eventually};
use warehouse::Warehouse;

/// Direct access to the stores of a platform.
pub(crate) struct Stores {
    router: TenantRouter,
    aggregates: Aggregates,
    warehouse: Warehouse,
}

impl Stores {
    /// Connects as the services do.
    pub(crate) async fn of(platform: &Platform) -> Self {
        let warehouse = Warehouse::with_tls(&testkit::clickhouse()).unwrap();
        for name in ["shared", "dedicated"] {
            warehouse.register(name.parse().unwrap(), &testkit::cluster(name));
        }
        let directory = ControlPlane::connect(&platform.postgres()).await.unwrap();
        Self {
            router: TenantRouter::new(Arc::new(directory)),
            aggregates: Aggregates::connect(&platform.redis()).unwrap(),
            warehouse,
        }
    }

    /// Returns the tenant's context.
    #[expect(clippy::disallowed_methods, reason = "a test reads the stores of its own tenant")]
    pub(crate) async fn context(&self, tenant: &Tenant) -> TenantContext {
        self.router.resolve_record(&tenant.id.parse().unwrap()).await.unwrap()
    }

    /// Reads the last `hours` from Redis, which must have all of them.
    pub(crate) async fn live(&self, tenant: &Tenant, campaign: &str, hours: i64) -> QuarterSeries {
        let found = self.found(tenant, campaign, hours).await;
        assert_eq!(found.covered, Some(last_hours(hours)), "no hour may be missing");
        found.series
    }

    /// Reads what Redis has of the last `hours`.
    pub(crate) async fn found(&self, tenant: &Tenant, campaign: &str, hours: i64) -> LiveSeries {
        let context = self.context(tenant).await;
        let read = self.aggregates.for_tenant(&context);
        read.campaign_series(&campaign.parse().unwrap(), last_hours(hours), &[]).await.unwrap()
    }

    /// Reads the last `hours` from ClickHouse.
    pub(crate) async fn stored(
        &self,
        tenant: &Tenant,
        campaign: &str,
        hours: i64,
    ) -> QuarterSeries {
        let context = self.context(tenant).await;
        let campaign = campaign.parse().unwrap();
        let range = last_hours(hours);
        let read = self.warehouse.for_tenant(&context);
        let series =
            read.campaign_series(&campaign, range, Granularity::QuarterHour, chrono_tz::UTC);
        let series = series.await.unwrap().into_iter().map(|(start, sums)| (start, sums.live()));
        // Redis has no quarter hour without counts, such as one with page views only.
        let counted = series.filter(|(_, sums)| *sums != Sums::default());
        counted.map(|(start, sums)| (QuarterHour::containing(start), sums)).collect()
    }

    /// Waits until both stores have the same numbers for every quarter hour of the last four hours.
    pub(crate) async fn agree(&self, tenant: &Tenant, campaign: &str) {
        self.agree_over(tenant, campaign, 4).await;
    }

    /// Waits until both stores have the same numbers for the last `hours`.
    pub(crate) async fn agree_over(&self, tenant: &Tenant, campaign: &str, hours: i64) {
        eventually("redis is complete and agrees with clickhouse", async || {
            let live = self.found(tenant, campaign, hours).await;
            let stored = self.stored(tenant, campaign, hours).await;
            let is_complete = live.covered == Some(last_hours(hours));
            (is_complete && live.series == stored && !stored.is_empty()).then_some(())
        })
        .await;
    }
}

fn last_hours(hours: i64) -> TimeRange {
    let hour = Utc::now().timestamp() / 3_600 * 3_600;
    let next = chrono::DateTime::from_timestamp(hour + 3_600, 0).unwrap();
    TimeRange::covering(next - TimeDelta::hours(hours), next).unwrap()
}
