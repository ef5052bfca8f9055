use aggregates::{
    Aggregates, ApplyOutcome, ChainStart, LiveBatch, LiveDelta, ProductDelta, RedisSettings,
};
use chrono::{DateTime, Utc};
use log::{Generation, LogPlace, LogRange, Offset, Partition};
use metrics::{Counter, MoneySum, QuarterHour, Sums, TimeRange};
use money::{Amount, Quantity};
use redis::aio::MultiplexedConnection;
use tenancy::{CampaignId, Limits, Scoped, TenantContext, TenantRecord};
use testkit::{tenant_context, tenant_record};

pub(crate) const GENERATION: Generation = Generation::new(1);
pub(crate) const PARTITION: Partition = Partition::new(0);

/// A separate namespace in the real Redis.
pub(crate) struct Stand {
    pub(crate) aggregates: Aggregates,
    pub(crate) settings: RedisSettings,
    pub(crate) redis: MultiplexedConnection,
    pub(crate) now: QuarterHour,
}

impl Stand {
    /// A stand without chains.
    pub(crate) async fn bare() -> Self {
        Self::on(testkit::setting("FOOTFALL__REDIS__URL")).await
    }

    /// A stand without chains, on another server.
    pub(crate) async fn on(url: String) -> Self {
        let settings: RedisSettings = testkit::redis_at(&url);
        let client = redis::Client::open(url).unwrap();
        let redis = client.get_multiplexed_async_connection().await.unwrap();
        let aggregates = Aggregates::connect(&settings).unwrap();
        Self { aggregates, settings, redis, now: QuarterHour::containing(Utc::now()) }
    }

    /// A stand with the chain of the log's only partition, from its first offset on.
    pub(crate) async fn started() -> Self {
        let stand = Self::bare().await;
        assert!(stand.start_chain(&stand.first_start()).await);
        stand
    }

    pub(crate) fn first_start(&self) -> ChainStart {
        ChainStart {
            next: place(PARTITION, 0),
            partitions: 1,
            seen: None,
            whole_from: DateTime::UNIX_EPOCH,
            is_first: true,
        }
    }

    pub(crate) async fn start_chain(&self, start: &ChainStart) -> bool {
        let (slot_group, _) = self.aggregates.fences(GENERATION, PARTITION).await.unwrap()[0];
        let started = self.aggregates.start_chain(slot_group, start).await.unwrap();
        // Chains never expire, but those of tests must.
        redis::cmd("EXPIRE")
            .arg(self.key("chain"))
            .arg(3600)
            .exec_async(&mut self.redis.clone())
            .await
            .unwrap();
        started
    }

    pub(crate) async fn fence(&self) -> Option<Offset> {
        self.aggregates.fences(GENERATION, PARTITION).await.unwrap()[0].1
    }

    /// Returns the full name of a key in the only slot group.
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
    ) -> ApplyOutcome {
        self.apply_to(PARTITION, first, last, &[], deltas).await
    }

    pub(crate) async fn apply_to(
        &self,
        partition: Partition,
        first: u64,
        last: u64,
        known_fences: &[LogPlace],
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> ApplyOutcome {
        let batch = LiveBatch {
            range: LogRange::new(GENERATION.get(), partition.get(), first, last),
            log_time: Utc::now(),
        };
        self.aggregates.apply(&batch, known_fences, deltas).await.unwrap()[0].1
    }

    /// Returns the numbers of the present quarter hour.
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

/// Returns clicks at 0.25 EUR each.
pub(crate) fn clicks_and_spend(clicks: u64) -> Sums {
    let mut sums = Sums::default();
    sums.add_count(Counter::Clicks, None, clicks);
    let spend = Amount::from_micros(250_000 * i64::try_from(clicks).unwrap());
    sums.add_money(MoneySum::Spend, "EUR".parse().unwrap(), spend);
    sums
}

/// Returns a place in the log.
pub(crate) fn place(partition: Partition, offset: u64) -> LogPlace {
    LogPlace { generation: GENERATION, partition, offset: Offset::new(offset) }
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
