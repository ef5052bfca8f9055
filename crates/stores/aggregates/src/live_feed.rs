use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lifecycle::Lifecycle;
use redis::{
    aio::MultiplexedConnection,
    streams::{StreamId as RawEntry, StreamKey, StreamReadReply},
};
use tenancy::{CampaignId, TenantContext};
use tokio::sync::{Notify, watch};

use crate::{
    Aggregates, AggregatesError, Bucket, CampaignFeed, Feed, FeedEntry, StreamId, TenantAggregates,
    campaign_feed::CampaignState, feed::read_entry,
};

/// How long a read waits for news; also how long a newly followed tenant may wait to be read.
const BLOCK: Duration = Duration::from_millis(200);
/// Entries of one tenant in one read.
const READ_ENTRIES: usize = 500;
const RETRY_AFTER: Duration = Duration::from_millis(500);
const STOP_BUDGET: Duration = Duration::from_secs(2);

/// The process's one reader of live feeds per bucket, and everyone who follows a campaign.
///
/// Redis is asked for the feeds of followed tenants only, however many follow each.
#[derive(Clone)]
pub struct LiveFeed {
    aggregates: Aggregates,
    readers: Arc<BTreeMap<Bucket, Reader>>,
}

#[derive(Default)]
struct Reader {
    /// By the name of the feed's key.
    tenants: Mutex<HashMap<String, Followed>>,
    joined: Notify,
}

struct Followed {
    tenant: TenantAggregates,
    place: StreamId,
    campaigns: HashMap<CampaignId, watch::Sender<CampaignState>>,
}

impl LiveFeed {
    /// Starts the readers; they end with `lifecycle`.
    pub fn start(aggregates: &Aggregates, lifecycle: &Lifecycle) -> Self {
        let readers = aggregates.keys.buckets().map(|bucket| (bucket, Reader::default())).collect();
        let feed = Self { aggregates: aggregates.clone(), readers: Arc::new(readers) };
        for bucket in aggregates.keys.buckets() {
            let (feed, token) = (feed.clone(), lifecycle.token());
            lifecycle.spawn("live feed", STOP_BUDGET, async move {
                if let Some(reader) = feed.readers.get(&bucket) {
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = reader.run(&feed.aggregates) => {}
                    }
                    // Followers see the end.
                    reader.tenants().clear();
                }
                Ok(())
            });
        }
        feed
    }

    /// Follows a campaign from now on.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn follow(
        &self,
        tenant: &TenantContext,
        campaign: &CampaignId,
    ) -> Result<CampaignFeed, AggregatesError> {
        let keys = self.aggregates.keys.tenant(tenant.client_id());
        let bucket = keys.bucket();
        let reader = self
            .readers
            .get(&bucket)
            .ok_or_else(|| AggregatesError::Unreadable(format!("no reader of bucket {bucket}")))?;
        if let Some(followed) = reader.tenants().get_mut(&keys.feed()) {
            return Ok(followed.follow(campaign));
        }
        let tenant = self.aggregates.for_tenant(tenant);
        let place = tenant.feed_position().await?;
        let followed = Followed { tenant, place, campaigns: HashMap::new() };
        let feed = reader.tenants().entry(keys.feed()).or_insert(followed).follow(campaign);
        reader.joined.notify_one();
        Ok(feed)
    }
}

impl Followed {
    fn follow(&mut self, campaign: &CampaignId) -> CampaignFeed {
        let state = self
            .campaigns
            .entry(campaign.clone())
            .or_insert_with(|| watch::Sender::new(CampaignState::new(self.place)));
        CampaignFeed::new(state.subscribe(), self.place)
    }

    /// What was read; an entry that cannot be read stops nobody else's feed.
    fn take(&mut self, entries: &[RawEntry]) {
        match entries.iter().map(read_entry).collect::<Result<Vec<_>, _>>() {
            Ok(entries) => self.publish(&entries),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a feed cannot be read");
                let last = entries.last().and_then(|last| last.id.parse().ok());
                self.reset(last.unwrap_or(self.place));
            }
        }
    }

    fn publish(&mut self, entries: &[FeedEntry]) {
        for entry in entries.iter().filter(|entry| entry.id > self.place) {
            for (campaign, state) in &self.campaigns {
                state.send_if_modified(|state| state.replace(entry, campaign));
            }
        }
        self.place = entries.last().map_or(self.place, |last| last.id.max(self.place));
    }

    /// Something may be missing: everybody starts afresh from `place`.
    fn reset(&mut self, place: StreamId) {
        self.place = place;
        for state in self.campaigns.values() {
            state.send_modify(|state| state.reset(place));
        }
    }
}

impl Reader {
    fn tenants(&self) -> MutexGuard<'_, HashMap<String, Followed>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, aggregates: &Aggregates) {
        let mut away = false;
        loop {
            self.joined.notified().await;
            while let Err(error) = self.read(aggregates, &mut away).await {
                if !away {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the live feed is away"
                    );
                    away = true;
                }
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Reads until nobody follows.
    async fn read(&self, aggregates: &Aggregates, away: &mut bool) -> Result<(), AggregatesError> {
        let mut connection = aggregates.dedicated_connection(BLOCK).await?;
        if *away {
            self.catch_up().await?;
            tracing::info!("the live feed is back");
            *away = false;
        }
        loop {
            let places = self.places();
            if places.is_empty() {
                return Ok(());
            }
            for feed in next_entries(&mut connection, &places).await? {
                if let Some(followed) = self.tenants().get_mut(&feed.key) {
                    followed.take(&feed.ids);
                }
            }
        }
    }

    /// The place each feed was read up to; forgets those that nobody follows any more.
    fn places(&self) -> Vec<(String, StreamId)> {
        let mut tenants = self.tenants();
        tenants.retain(|_, followed| {
            followed.campaigns.retain(|_, state| state.receiver_count() > 0);
            !followed.campaigns.is_empty()
        });
        tenants.iter().map(|(feed, followed)| (feed.clone(), followed.place)).collect()
    }

    /// After an outage: Redis may have lost the end of a feed, or trimmed its start.
    async fn catch_up(&self) -> Result<(), AggregatesError> {
        for (feed, place) in self.places() {
            let Some(tenant) = self.tenants().get(&feed).map(|followed| followed.tenant.clone())
            else {
                continue;
            };
            let missed = tenant.feed_since(place).await?;
            let end = tenant.feed_position().await?;
            if let Some(followed) = self.tenants().get_mut(&feed) {
                match missed {
                    Feed::Entries(entries) => followed.publish(&entries),
                    Feed::Trimmed => followed.reset(end),
                }
            }
        }
        Ok(())
    }
}

async fn next_entries(
    connection: &mut MultiplexedConnection,
    places: &[(String, StreamId)],
) -> Result<Vec<StreamKey>, AggregatesError> {
    let mut command = redis::cmd("XREAD");
    command
        .arg("COUNT")
        .arg(READ_ENTRIES)
        .arg("BLOCK")
        .arg(BLOCK.as_millis() as u64)
        .arg("STREAMS");
    for (feed, _) in places {
        command.arg(feed);
    }
    for (_, place) in places {
        command.arg(place.to_string());
    }
    let reply: Option<StreamReadReply> = command.query_async(connection).await?;
    Ok(reply.map(|reply| reply.keys).unwrap_or_default())
}
