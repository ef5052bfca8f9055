use std::collections::{BTreeSet, HashMap};

use metrics::QuarterHour;
use redis::Script;
use tenancy::CampaignId;

use crate::{
    Aggregates, AggregatesError, LiveDelta, fields,
    keys::{Ranking, TenantKeys, TimedKey},
};

/// The least number of entries that a tenant's feed keeps.
const FEED_LENGTH: usize = 10_000;
/// How many seconds a feed lives after its last entry.
const FEED_RETENTION_SECONDS: u32 = 3_600;
/// The most quarter hours in one feed entry: Lua can pass about 8,000 arguments to a command.
const FEED_ENTRY_QUARTERS: usize = 2_000;
/// The number of products that a ranking keeps.
const RANKED_PRODUCTS: usize = 1_000;

/// One call of a script that adds to counters; `operations.lua` describes the operations.
pub(crate) struct Call {
    keys: Vec<String>,
    positions: HashMap<String, usize>,
    arguments: Vec<String>,
}

impl Call {
    /// Returns a call with these keys and arguments, and without operations.
    pub(crate) fn new(keys: Vec<String>, arguments: Vec<String>) -> Self {
        Self { keys, positions: HashMap::new(), arguments }
    }

    /// Runs the script. Every script that adds to counters answers with two numbers.
    pub(crate) async fn run(
        self,
        aggregates: &Aggregates,
        script: &Script,
    ) -> Result<(i64, i64), AggregatesError> {
        let mut invocation = script.prepare_invoke();
        invocation.key(self.keys).arg(self.arguments);
        Ok(invocation.invoke_async(&mut aggregates.connection()).await?)
    }

    /// Returns the number of keys and arguments that the script gets.
    pub(crate) fn size(&self) -> usize {
        self.keys.len() + self.arguments.len()
    }

    /// Adds `deltas` to a tenant's counters.
    pub(crate) fn add_deltas(&mut self, keys: &TenantKeys, deltas: &[LiveDelta]) {
        for delta in deltas {
            self.add_counts(keys, delta);
            self.add_visitors(keys, delta);
            self.add_products(keys, delta);
        }
    }

    /// Appends the quarter hours that `deltas` change to a tenant's feed.
    pub(crate) fn add_feed(&mut self, keys: &TenantKeys, deltas: &[LiveDelta]) {
        let changed: BTreeSet<_> =
            deltas.iter().map(|delta| (&delta.campaign, delta.quarter)).collect();
        let changed: Vec<_> = changed.into_iter().collect();
        for changed in changed.chunks(FEED_ENTRY_QUARTERS) {
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

    /// Adds only the visitors.
    pub(crate) fn add_visitors(&mut self, keys: &TenantKeys, delta: &LiveDelta) {
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
                    Ranking::Sold => product.units.thousandths(),
                };
                (by > 0).then(|| (product.product_id.clone(), by.to_string()))
            });
            let key = keys.products(&delta.campaign, ranking, day);
            self.add("rank", key, Some(RANKED_PRODUCTS), scores.collect());
        }
    }

    fn add_feed_entry(&mut self, keys: &TenantKeys, changed: &[(&CampaignId, QuarterHour)]) {
        let feed = self.position(keys.feed());
        self.arguments.extend([
            "feed".to_owned(),
            feed,
            FEED_LENGTH.to_string(),
            FEED_RETENTION_SECONDS.to_string(),
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

    /// Returns the position of the key in `KEYS`, counted from one as in Lua. Adds the key if it is
    /// new.
    fn position(&mut self, key: String) -> String {
        let Self { keys, positions, .. } = self;
        let position = positions.entry(key).or_insert_with_key(|key| {
            keys.push(key.clone());
            keys.len()
        });
        position.to_string()
    }
}
