use aggregates::{
    Aggregates, ChainStart, LiveBatch, LiveDelta, Outcome, ProductDelta, RedisSettings,
};
use chrono::{DateTime, Utc};
use metrics::{Counter, MoneySum, QuarterHour, Sums, TimeRange};
use money::{Amount, Quantity};
use redis::aio::MultiplexedConnection;
use settings::Secret;
use tenancy::{CampaignId, Limits, Scoped, TenantContext, TenantRecord};
use testkit::{tenant_context, tenant_record};
use uuid::Uuid;

pub(crate) const KGEN: u16 = 1;
pub(crate) const PARTITION: u16 = 0;

/// A namespace of its own in the real Redis.
pub(crate) struct Stand {
    pub(crate) aggregates: Aggregates,
    pub(crate) settings: RedisSettings,
    pub(crate) redis: MultiplexedConnection,
    pub(crate) now: QuarterHour,
}

impl Stand {
    /// Without any chain.
    pub(crate) async fn bare() -> Self {
        Self::on(testkit::setting("FOOTFALL__REDIS__URL")).await
    }

    /// The same, on a server of one's own.
    pub(crate) async fn on(url: String) -> Self {
        let settings = RedisSettings {
            url: Secret::new(url.clone()),
            slot_buckets: 1,
            namespace: format!("test-{}", Uuid::now_v7().simple()),
        };
        let client = redis::Client::open(url).unwrap();
        let redis = client.get_multiplexed_async_connection().await.unwrap();
        let aggregates = Aggregates::connect(&settings).unwrap();
        Self { aggregates, settings, redis, now: QuarterHour::containing(Utc::now()) }
    }

    /// With the chain of the log's only partition started at its first offset.
    pub(crate) async fn started() -> Self {
        let stand = Self::bare().await;
        assert!(stand.start_chain(&stand.virgin()).await);
        stand
    }

    pub(crate) fn virgin(&self) -> ChainStart {
        ChainStart {
            kgen: KGEN,
            partition: PARTITION,
            partitions: 1,
            seen: None,
            next_offset: 0,
            whole_from: DateTime::UNIX_EPOCH,
            is_first: true,
        }
    }

    pub(crate) async fn start_chain(&self, start: &ChainStart) -> bool {
        let (bucket, _) = self.aggregates.fences(KGEN, PARTITION).await.unwrap()[0];
        let started = self.aggregates.start_chain(bucket, start).await.unwrap();
        // Chains live for ever, tests do not.
        redis::cmd("EXPIRE")
            .arg(self.key("chain"))
            .arg(3600)
            .exec_async(&mut self.redis.clone())
            .await
            .unwrap();
        started
    }

    pub(crate) async fn fence(&self) -> Option<u64> {
        self.aggregates.fences(KGEN, PARTITION).await.unwrap()[0].1
    }

    /// The full name of a key in the only bucket.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}_{name}{{b00}}", self.settings.namespace)
    }

    pub(crate) fn hour_key(&self, tenant: &TenantContext, campaign: &CampaignId) -> String {
        let hour = self.now.hour().format("%Y%m%d%H");
        self.key(&format!("client_{}_campaign_{campaign}_hourly_{hour}", tenant.client_id()))
    }

    pub(crate) async fn apply(
        &self,
        first: u64,
        last: u64,
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> Outcome {
        self.apply_to(PARTITION, first, last, &[], deltas).await
    }

    pub(crate) async fn apply_to(
        &self,
        partition: u16,
        first: u64,
        last: u64,
        reached: &[(u16, u16, u64)],
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> Outcome {
        let batch = LiveBatch { kgen: KGEN, partition, first, last, log_time: Utc::now() };
        self.aggregates.apply(&batch, reached, deltas).await.unwrap()[0].1
    }

    /// The numbers of the present quarter hour.
    pub(crate) async fn read(&self, tenant: &TenantContext, campaign: &CampaignId) -> Sums {
        let tenant = self.aggregates.for_tenant(tenant);
        let live = tenant.campaign_series(campaign, self.quarter(), &[]).await.unwrap();
        assert_eq!(live.covered, Some(self.quarter()));
        live.series.get(&self.now).cloned().unwrap_or_default()
    }

    pub(crate) fn quarter(&self) -> TimeRange {
        TimeRange::covering(self.now.start(), self.now.end()).unwrap()
    }

    pub(crate) fn delta(&self, campaign: &CampaignId, clicks: u64) -> LiveDelta {
        LiveDelta {
            campaign: campaign.clone(),
            quarter: self.now,
            sums: clicks_and_spend(clicks),
            visitors: vec!["visitor-1".to_owned(), format!("visitor-{clicks}")],
            products: vec![ProductDelta {
                product_id: "p_{1}".to_owned(),
                views: clicks,
                units: Quantity::ZERO,
            }],
        }
    }
}

/// Clicks at a quarter of a euro each.
pub(crate) fn clicks_and_spend(clicks: u64) -> Sums {
    let mut sums = Sums::default();
    sums.add_count(Counter::Clicks, None, clicks);
    let spend = Amount::from_micros(250_000 * i64::try_from(clicks).unwrap());
    sums.add_money(MoneySum::Spend, "EUR".parse().unwrap(), spend);
    sums
}

pub(crate) fn campaign() -> CampaignId {
    "spring-sale".parse().unwrap()
}

pub(crate) async fn tenant(name: &str) -> TenantContext {
    tenant_with(name, Limits::default()).await
}

pub(crate) async fn tenant_with(name: &str, limits: Limits) -> TenantContext {
    let record = tenant_record(&name.parse().unwrap());
    tenant_context(TenantRecord { limits, ..record }).await
}
