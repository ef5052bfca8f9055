use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, Sums};
use tenancy::CampaignId;
use tokio::sync::watch;

use crate::{FeedEntry, FeedQuarter, StreamId};

/// How many changed quarter hours of a campaign are kept for slow followers: more than the 72 hours
/// that are counted live.
pub(crate) const CAMPAIGN_QUARTERS: usize = 300;

/// How many changed quarter hours of all campaigns are kept for slow followers.
pub(crate) const TENANT_QUARTERS: usize = 10_000;

/// One follower's view of a feed: of one campaign in it ([`CampaignFeed`]), or of all ([`TenantFeed`]).
///
/// There is no queue: a slow follower gets the latest state of everything that changed since.
pub struct Follower<K> {
    state: watch::Receiver<FollowedState<K>>,
    seen: StreamId,
    resets: u64,
}

/// A follower of one campaign.
pub type CampaignFeed = Follower<QuarterHour>;

/// A follower of all campaigns of a tenant.
pub type TenantFeed = Follower<(CampaignId, QuarterHour)>;

/// What a follower receives next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<K> {
    /// Quarter hours changed.
    Quarters {
        /// The place in the feed from which to resume.
        place: StreamId,
        /// The log time of the newest counted record.
        log_time: DateTime<Utc>,
        /// The changed quarter hours of whole hours, with all their numbers, which replace earlier
        /// ones.
        quarters: BTreeMap<K, Sums>,
        /// The changed quarter hours of hours that are not whole: read them from ClickHouse.
        incomplete: BTreeSet<K>,
    },
    /// Changes may be missing: read all numbers again.
    Reset,
}

/// The latest state of the changed quarter hours.
#[derive(Debug)]
pub(crate) struct FollowedState<K> {
    quarters: BTreeMap<K, (StreamId, Option<Sums>)>,
    /// How many are kept.
    limit: usize,
    place: StreamId,
    log_time: DateTime<Utc>,
    /// Changes up to this place were forgotten.
    forgotten: StreamId,
    resets: u64,
}

impl<K: Clone + Ord> FollowedState<K> {
    pub(crate) const fn new(place: StreamId, limit: usize) -> Self {
        Self {
            quarters: BTreeMap::new(),
            limit,
            place,
            log_time: DateTime::UNIX_EPOCH,
            forgotten: StreamId::START,
            resets: 0,
        }
    }

    /// Takes over everything that an entry contains of what is followed, in one step: a follower that
    /// sees the entry's place must have all of it. Returns whether the entry names any of it.
    pub(crate) fn replace(
        &mut self,
        entry: &FeedEntry,
        name: impl Fn(&FeedQuarter) -> Option<K>,
    ) -> bool {
        let named = entry.quarters.iter().filter_map(|changed| Some((name(changed)?, changed)));
        let mut is_named = false;
        for (quarter, changed) in named {
            if self.quarters.len() >= self.limit && !self.quarters.contains_key(&quarter) {
                // Followers that are up to date lack nothing of this.
                self.forgotten = self.place;
                self.quarters.retain(|_, (id, _)| *id == entry.id);
            }
            is_named = true;
            self.quarters.insert(quarter, (entry.id, changed.sums.clone()));
        }
        if is_named {
            self.place = entry.id;
            self.log_time = self.log_time.max(entry.log_time);
        }
        is_named
    }

    pub(crate) fn reset(&mut self, place: StreamId) {
        *self = Self { resets: self.resets + 1, ..Self::new(place, self.limit) };
    }
}

impl<K: Clone + Ord> Follower<K> {
    pub(crate) fn new(state: watch::Receiver<FollowedState<K>>, seen: StreamId) -> Self {
        let resets = state.borrow().resets;
        Self { state, seen, resets }
    }

    /// Returns the place in the feed up to which this follower has received everything.
    pub const fn place(&self) -> StreamId {
        self.seen
    }

    /// Waits for a change, and returns everything that changed since the last one; `None` when the
    /// feed has ended. The call may be cancelled at any moment without loss.
    pub async fn next(&mut self) -> Option<Change<K>> {
        loop {
            if let Some(change) = self.pending() {
                return Some(change);
            }
            self.state.changed().await.ok()?;
        }
    }

    fn pending(&mut self) -> Option<Change<K>> {
        let state = self.state.borrow_and_update();
        if state.resets != self.resets || self.seen < state.forgotten {
            self.resets = state.resets;
            self.seen = state.place;
            return Some(Change::Reset);
        }
        let mut quarters = BTreeMap::new();
        let mut incomplete = BTreeSet::new();
        for (quarter, (_, sums)) in state.quarters.iter().filter(|(_, (id, _))| *id > self.seen) {
            match sums {
                Some(sums) => {
                    quarters.insert(quarter.clone(), sums.clone());
                }
                None => {
                    incomplete.insert(quarter.clone());
                }
            }
        }
        if quarters.is_empty() && incomplete.is_empty() {
            return None;
        }
        let FollowedState { place, log_time, .. } = *state;
        self.seen = place;
        Some(Change::Quarters { place, log_time, quarters, incomplete })
    }
}

#[cfg(test)]
mod tests {
    use metrics::QuarterSeries;

    use super::*;

    fn entry(id: &str, minute: i64, clicks: u64) -> FeedEntry {
        let mut sums = Sums::default();
        sums.add_count(metrics::Counter::Clicks, None, clicks);
        let time = DateTime::from_timestamp(minute * 60, 0).unwrap();
        let quarter = FeedQuarter {
            campaign: "spring-sale".parse().unwrap(),
            quarter: QuarterHour::containing(time),
            sums: Some(sums),
        };
        FeedEntry { id: id.parse().unwrap(), log_time: time, quarters: vec![quarter] }
    }

    fn publish(sender: &watch::Sender<FollowedState<QuarterHour>>, entry: &FeedEntry) {
        sender.send_if_modified(|state| state.replace(entry, |changed| Some(changed.quarter)));
    }

    #[tokio::test]
    async fn a_slow_follower_gets_the_latest_state_of_everything_that_changed() {
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        for (id, minute, clicks) in [("1-0", 0, 1), ("2-0", 0, 5), ("3-0", 20, 2)] {
            publish(&sender, &entry(id, minute, clicks));
        }
        let Some(Change::Quarters { place, quarters, .. }) = feed.next().await else { panic!() };
        assert_eq!(place.to_string(), "3-0");
        let clicks: Vec<_> =
            quarters.values().map(|sums| sums.count(metrics::Counter::Clicks)).collect();
        assert_eq!(clicks, [5, 2]);
        assert_eq!(feed.pending(), None);
    }

    #[tokio::test]
    async fn a_follower_never_sees_half_of_an_entry() {
        const ENTRIES: u64 = 20_000;
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        let publisher = std::thread::spawn(move || {
            for clicks in 1..=ENTRIES {
                let mut both = entry(&format!("{clicks}-0"), 0, clicks);
                both.quarters.extend(entry("1-0", 20, clicks).quarters);
                publish(&sender, &both);
            }
        });
        let mut seen = QuarterSeries::new();
        while let Some(Change::Quarters { quarters, .. }) = feed.next().await {
            assert_eq!(quarters.len(), 2, "half of an entry");
            seen.extend(quarters);
        }
        publisher.join().unwrap();
        let clicks = seen.values().map(|sums| sums.count(metrics::Counter::Clicks));
        assert_eq!(clicks.collect::<Vec<_>>(), [ENTRIES, ENTRIES]);
    }

    #[tokio::test]
    async fn quarters_of_hours_that_are_not_whole_are_only_named() {
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        let mut named = entry("1-0", 0, 1);
        named.quarters[0].sums = None;
        publish(&sender, &named);
        publish(&sender, &entry("2-0", 20, 2));
        let Some(Change::Quarters { quarters, incomplete, .. }) = feed.next().await else {
            panic!()
        };
        assert_eq!(incomplete, [named.quarters[0].quarter].into());
        assert_eq!(quarters.len(), 1);
        assert_eq!(feed.pending(), None);
    }

    #[tokio::test]
    async fn a_follower_that_missed_forgotten_changes_gets_a_reset() {
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        for number in 0..=CAMPAIGN_QUARTERS as i64 {
            publish(&sender, &entry(&format!("{}-0", number + 1), number * 15, 1));
        }
        assert_eq!(feed.next().await, Some(Change::Reset));
        assert_eq!(feed.pending(), None);
    }

    #[tokio::test]
    async fn a_follower_that_is_up_to_date_does_not_notice_what_is_forgotten() {
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        for number in 0..=2 * CAMPAIGN_QUARTERS as i64 {
            publish(&sender, &entry(&format!("{}-0", number + 1), number * 15, 1));
            let Some(Change::Quarters { quarters, .. }) = feed.pending() else { panic!() };
            assert_eq!(quarters.len(), 1);
            assert!(sender.borrow().quarters.len() <= CAMPAIGN_QUARTERS);
        }
    }

    #[tokio::test]
    async fn a_follower_of_all_campaigns_gets_each_quarter_hour_with_its_campaign() {
        let sender = watch::Sender::new(FollowedState::new(StreamId::START, CAMPAIGN_QUARTERS));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        let mut both = entry("1-0", 0, 1);
        let mut other = both.quarters[0].clone();
        other.campaign = "summer-sale".parse().unwrap();
        both.quarters.push(other);
        sender.send_if_modified(|state| {
            state.replace(&both, |changed| Some((changed.campaign.clone(), changed.quarter)))
        });
        let Some(Change::Quarters { quarters, .. }) = feed.next().await else { panic!() };
        let campaigns: Vec<_> = quarters.keys().map(|(campaign, _)| campaign.as_str()).collect();
        assert_eq!(campaigns, ["spring-sale", "summer-sale"]);
    }

    #[tokio::test]
    async fn the_end_of_the_reader_is_the_end_of_the_feed() {
        let sender = watch::Sender::new(FollowedState::<QuarterHour>::new(
            StreamId::START,
            CAMPAIGN_QUARTERS,
        ));
        let mut feed = Follower::new(sender.subscribe(), StreamId::START);
        drop(sender);
        assert_eq!(feed.next().await, None);
    }
}
