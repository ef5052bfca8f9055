use std::collections::{BTreeSet, HashMap};

use futures::future::try_join_all;
use metrics::QuarterHour;
use tenancy::{CampaignId, Scoped};

use crate::{
    Aggregates, AggregatesError, Bucket, LiveBatch, LiveDelta, MAX_BATCH_ARGUMENTS, Outcome,
    chain::fence_field,
    fields,
    keys::{KeySpace, Ranking, TenantKeys, TimedKey},
};

/// Entries a tenant's feed keeps at least.
const FEED_LENGTH: usize = 10_000;
/// Seconds a feed is kept after its last entry.
const FEED_KEPT_SECONDS: u32 = 3_600;
/// Changed quarter hours in one feed entry: Lua passes at most some 8,000 arguments on.
const FEED_ENTRY_BUCKETS: usize = 2_000;
/// Products a ranking keeps.
const PRODUCTS_KEPT: usize = 1_000;

impl Aggregates {
    /// Counts a batch of the log, once: in each bucket one script adds to the counters, appends to
    /// the live feeds and moves the fence, or does nothing. Buckets without rows are touched too,
    /// which keeps every chain dense.
    ///
    /// # Errors
    /// Redis did not answer, or the batch is too large for one script. Some buckets may have taken
    /// the batch: send the same one again, or parts of it when it was too large.
    pub async fn apply(
        &self,
        batch: &LiveBatch,
        deltas: Vec<Scoped<Vec<LiveDelta>>>,
    ) -> Result<Vec<(Bucket, Outcome)>, AggregatesError> {
        let mut calls: Vec<_> = self
            .keys
            .buckets()
            .map(|bucket| (bucket, Call::new(&self.keys, bucket, batch)))
            .collect();
        for scoped in &deltas {
            let keys = self.keys.tenant(scoped.tenant().client_id());
            for (_, call) in calls.iter_mut().filter(|(bucket, _)| *bucket == keys.bucket()) {
                call.add_tenant(&keys, scoped.value());
            }
        }
        if let Some(size) =
            calls.iter().map(|(_, call)| call.size()).find(|size| *size > MAX_BATCH_ARGUMENTS)
        {
            return Err(AggregatesError::BatchTooLarge(size));
        }
        try_join_all(calls.into_iter().map(|(bucket, call)| self.run(bucket, batch, call))).await
    }

    async fn run(
        &self,
        bucket: Bucket,
        batch: &LiveBatch,
        call: Call,
    ) -> Result<(Bucket, Outcome), AggregatesError> {
        let mut invocation = self.scripts.apply.prepare_invoke();
        invocation.key(call.keys).arg(call.arguments);
        let outcome = match invocation.invoke_async(&mut self.connection()).await? {
            (1, 0) => Outcome::Applied,
            (1, poisoned) => {
                let LiveBatch { partition, first, last, .. } = *batch;
                tracing::error!(%bucket, partition, first, last, poisoned, "live keys refused an increment");
                Outcome::Applied
            }
            (0, _) => Outcome::AlreadyApplied,
            (-1, fence) => Outcome::ChainBroken { fence: u64::try_from(fence).ok() },
            (code, _) => {
                return Err(AggregatesError::Unreadable(format!("outcome {code} of apply")));
            }
        };
        Ok((bucket, outcome))
    }
}

/// One run of `apply.lua`, which describes the arguments.
struct Call {
    keys: Vec<String>,
    positions: HashMap<String, usize>,
    arguments: Vec<String>,
}

impl Call {
    fn new(keys: &KeySpace, bucket: Bucket, batch: &LiveBatch) -> Self {
        let arguments = vec![
            fence_field(batch.kgen, batch.partition),
            batch.first.to_string(),
            batch.last.to_string(),
            batch.log_time.timestamp_millis().to_string(),
            keys.bucket_count().to_string(),
        ];
        Self { keys: vec![keys.chain(bucket)], positions: HashMap::new(), arguments }
    }

    fn size(&self) -> usize {
        self.keys.len() + self.arguments.len()
    }

    fn add_tenant(&mut self, keys: &TenantKeys, deltas: &[LiveDelta]) {
        for delta in deltas {
            self.add_counts(keys, delta);
            self.add_visitors(keys, delta);
            self.add_products(keys, delta);
        }
        let changed: BTreeSet<_> =
            deltas.iter().map(|delta| (&delta.campaign, delta.quarter)).collect();
        let changed: Vec<_> = changed.into_iter().collect();
        for changed in changed.chunks(FEED_ENTRY_BUCKETS) {
            self.add_feed_entry(keys, changed);
        }
    }

    fn add_counts(&mut self, keys: &TenantKeys, delta: &LiveDelta) {
        let of_day: Vec<_> = fields::increments(&delta.sums).collect();
        let index = delta.quarter.index();
        let of_hour: Vec<_> =
            of_day.iter().map(|(name, by)| (format!("{name}:{index}"), by.clone())).collect();
        let hour = keys.campaign_hour(&delta.campaign, delta.quarter.hour());
        self.add("count", hour, None, of_hour);
        let day = keys.campaign_day(&delta.campaign, delta.quarter.start().date_naive());
        self.add("count", day, None, of_day);
    }

    fn add_visitors(&mut self, keys: &TenantKeys, delta: &LiveDelta) {
        let day = delta.quarter.start().date_naive();
        for key in [
            keys.visitors_of_hour(&delta.campaign, delta.quarter.hour()),
            keys.visitors_of_day(&delta.campaign, day),
        ] {
            let members = delta.visitors.iter().map(|visitor| [visitor.clone()]);
            self.add("visit", key, None, members.collect());
        }
    }

    fn add_products(&mut self, keys: &TenantKeys, delta: &LiveDelta) {
        let day = delta.quarter.start().date_naive();
        for ranking in [Ranking::Viewed, Ranking::Sold] {
            let scores = delta.products.iter().filter_map(|product| {
                let by = match ranking {
                    Ranking::Viewed => product.views,
                    Ranking::Sold => product.units,
                };
                (by > 0).then(|| (product.product_id.clone(), by.to_string()))
            });
            let key = keys.products(&delta.campaign, ranking, day);
            self.add("rank", key, Some(PRODUCTS_KEPT), scores.collect());
        }
    }

    fn add_feed_entry(&mut self, keys: &TenantKeys, changed: &[(&CampaignId, QuarterHour)]) {
        let feed = self.position(keys.feed());
        self.arguments.extend([
            "feed".to_owned(),
            feed,
            FEED_LENGTH.to_string(),
            FEED_KEPT_SECONDS.to_string(),
            changed.len().to_string(),
        ]);
        for (campaign, quarter) in changed {
            let hour = self.position(keys.campaign_hour(campaign, quarter.hour()).name);
            self.arguments.extend([
                campaign.to_string(),
                quarter.start().timestamp().to_string(),
                hour,
                quarter.index().to_string(),
            ]);
        }
    }

    fn add<const N: usize>(
        &mut self,
        operation: &str,
        key: TimedKey,
        keep: Option<usize>,
        rows: Vec<impl Into<[String; N]>>,
    ) {
        if rows.is_empty() {
            return;
        }
        let position = self.position(key.name);
        self.arguments.extend([
            operation.to_owned(),
            position,
            key.expires.timestamp().to_string(),
        ]);
        self.arguments.extend(keep.map(|keep| keep.to_string()));
        self.arguments.push(rows.len().to_string());
        self.arguments.extend(rows.into_iter().flat_map(Into::into));
    }

    /// Where in `KEYS` the key is, counted from one as Lua does.
    fn position(&mut self, key: String) -> String {
        let Self { keys, positions, .. } = self;
        let position = positions.entry(key).or_insert_with_key(|key| {
            keys.push(key.clone());
            keys.len()
        });
        position.to_string()
    }
}
