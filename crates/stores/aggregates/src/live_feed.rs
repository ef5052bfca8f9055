use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lifecycle::Lifecycle;
use metrics::QuarterHour;
use redis::{
    aio::MultiplexedConnection,
    streams::{StreamId as RawEntry, StreamKey, StreamReadReply},
};
use tenancy::{CampaignId, TenantContext};
use tokio::sync::{Notify, watch};

use crate::{
    Aggregates, AggregatesError, CampaignFeed, FeedEntry, FeedQuarter, FeedSince, SlotGroup,
    StreamId, TenantAggregates, TenantFeed,
    feed::read_entry,
    follower::{CAMPAIGN_QUARTERS, FollowedState, Follower, TENANT_QUARTERS},
};

/// How long a read waits for new entries. A newly followed tenant may wait this long for its first
/// read.
const BLOCK: Duration = Duration::from_millis(200);
/// The most entries of one tenant in one read.
const READ_ENTRIES: usize = 500;
const RETRY_AFTER: Duration = Duration::from_millis(500);
const STOP_BUDGET: Duration = Duration::from_secs(2);

/// The readers of live feeds, one per process and slot group, and the followers of tenants and campaigns.
///
/// Only the feeds of followed tenants are read, and each once, however many followers it has.
#[derive(Clone)]
pub struct LiveFeed {
    aggregates: Aggregates,
    readers: Arc<BTreeMap<SlotGroup, Reader>>,
}

#[derive(Default)]
struct Reader {
    /// The followed tenants, by the key of their feed.
    tenants: Mutex<HashMap<String, Followed>>,
    followed: Notify,
}

struct Followed {
    tenant: TenantAggregates,
    place: StreamId,
    campaigns: HashMap<CampaignId, watch::Sender<FollowedState<QuarterHour>>>,
    all: Option<watch::Sender<FollowedState<(CampaignId, QuarterHour)>>>,
}

impl LiveFeed {
    /// Starts the readers; they stop with `lifecycle`.
    pub fn start(aggregates: &Aggregates, lifecycle: &Lifecycle) -> Self {
        let readers = aggregates
            .keys
            .slot_groups()
            .map(|slot_group| (slot_group, Reader::default()))
            .collect();
        let feed = Self { aggregates: aggregates.clone(), readers: Arc::new(readers) };
        for slot_group in aggregates.keys.slot_groups() {
            let feed = feed.clone();
            let token = lifecycle.token();
            lifecycle.spawn("live feed", STOP_BUDGET, async move {
                if let Some(reader) = feed.readers.get(&slot_group) {
                    tokio::select! {
                        () = token.cancelled() => {}
                        () = reader.run(&feed.aggregates) => {}
                    }
                    // This ends the feeds of all followers.
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
        self.with_followed(tenant, |followed| followed.follow(campaign)).await
    }

    /// Follows all campaigns of a tenant from now on, also those that do not exist yet.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn follow_all(&self, tenant: &TenantContext) -> Result<TenantFeed, AggregatesError> {
        self.with_followed(tenant, Followed::follow_all).await
    }

    /// Follows something of a tenant, whose feed is read from then on.
    async fn with_followed<T>(
        &self,
        tenant: &TenantContext,
        follow: impl FnOnce(&mut Followed) -> T,
    ) -> Result<T, AggregatesError> {
        let keys = self.aggregates.keys.tenant(tenant.client_id());
        let slot_group = keys.slot_group();
        let reader = self.readers.get(&slot_group).ok_or_else(|| {
            AggregatesError::Unreadable(format!("no reader of slot group {slot_group}"))
        })?;
        if let Some(followed) = reader.tenants().get_mut(&keys.feed()) {
            return Ok(follow(followed));
        }
        let tenant = self.aggregates.for_tenant(tenant);
        let place = tenant.feed_position().await?;
        let followed = Followed { tenant, place, campaigns: HashMap::new(), all: None };
        let feed = follow(reader.tenants().entry(keys.feed()).or_insert(followed));
        reader.followed.notify_one();
        Ok(feed)
    }
}

impl Followed {
    fn follow(&mut self, campaign: &CampaignId) -> CampaignFeed {
        let state = self.campaigns.entry(campaign.clone()).or_insert_with(|| {
            watch::Sender::new(FollowedState::new(self.place, CAMPAIGN_QUARTERS))
        });
        Follower::new(state.subscribe(), self.place)
    }

    fn follow_all(&mut self) -> TenantFeed {
        let place = self.place;
        let state = || watch::Sender::new(FollowedState::new(place, TENANT_QUARTERS));
        Follower::new(self.all.get_or_insert_with(state).subscribe(), place)
    }

    /// Forgets what nobody follows. Returns whether anything is followed.
    fn is_followed(&mut self) -> bool {
        self.campaigns.retain(|_, state| state.receiver_count() > 0);
        self.all.take_if(|state| state.receiver_count() == 0);
        !self.campaigns.is_empty() || self.all.is_some()
    }

    /// Publishes new entries. If one cannot be read, this tenant's followers start again, and feeds
    /// of other tenants continue.
    fn receive(&mut self, entries: &[RawEntry]) {
        match entries.iter().map(read_entry).collect::<Result<Vec<_>, _>>() {
            Ok(entries) => self.publish(&entries),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a live feed contains an unreadable entry"
                );
                let last = entries.last().and_then(|last| last.id.parse().ok());
                self.reset(last.unwrap_or(self.place));
            }
        }
    }

    fn publish(&mut self, entries: &[FeedEntry]) {
        for entry in entries.iter().filter(|entry| entry.id > self.place) {
            for (campaign, state) in &self.campaigns {
                let named = |changed: &FeedQuarter| {
                    (changed.campaign == *campaign).then_some(changed.quarter)
                };
                state.send_if_modified(|state| state.replace(entry, named));
            }
            if let Some(state) = &self.all {
                let named =
                    |changed: &FeedQuarter| Some((changed.campaign.clone(), changed.quarter));
                state.send_if_modified(|state| state.replace(entry, named));
            }
        }
        self.place = entries.last().map_or(self.place, |last| last.id.max(self.place));
    }

    /// Makes all followers start again from `place`, because entries may be missing.
    fn reset(&mut self, place: StreamId) {
        self.place = place;
        for state in self.campaigns.values() {
            state.send_modify(|state| state.reset(place));
        }
        if let Some(state) = &self.all {
            state.send_modify(|state| state.reset(place));
        }
    }
}

impl Reader {
    fn tenants(&self) -> MutexGuard<'_, HashMap<String, Followed>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, aggregates: &Aggregates) {
        let mut unavailable = false;
        loop {
            self.followed.notified().await;
            while let Err(error) = self.read(aggregates, &mut unavailable).await {
                if !unavailable {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the live feed is unavailable"
                    );
                    unavailable = true;
                }
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Reads until there are no followers.
    async fn read(
        &self,
        aggregates: &Aggregates,
        unavailable: &mut bool,
    ) -> Result<(), AggregatesError> {
        let mut connection = aggregates.dedicated_connection(BLOCK).await?;
        if *unavailable {
            self.catch_up().await?;
            tracing::info!("the live feed is available again");
            *unavailable = false;
        }
        loop {
            let places = self.places();
            if places.is_empty() {
                return Ok(());
            }
            for feed in next_entries(&mut connection, &places).await? {
                if let Some(followed) = self.tenants().get_mut(&feed.key) {
                    followed.receive(&feed.ids);
                }
            }
        }
    }

    /// Returns the place up to which each feed was read. Forgets campaigns and tenants without
    /// followers.
    fn places(&self) -> Vec<(String, StreamId)> {
        let mut tenants = self.tenants();
        tenants.retain(|_, followed| followed.is_followed());
        tenants.iter().map(|(feed, followed)| (feed.clone(), followed.place)).collect()
    }

    /// Publishes what was missed in an outage. Redis may have lost the end of a feed, or trimmed
    /// its start: its followers then start again.
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
                    FeedSince::Entries(entries) => followed.publish(&entries),
                    FeedSince::Trimmed => followed.reset(end),
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
