use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, QuarterSeries, Sums};
use tenancy::CampaignId;
use tokio::sync::watch;

use crate::{FeedEntry, StreamId};

/// Quarter hours kept for followers who are slow: more than the 72 hours that are counted live.
const QUARTERS_KEPT: usize = 300;

/// One follower's view of a campaign.
///
/// There is no queue: whoever is slow gets what changed since, merged, in its latest state.
pub struct CampaignFeed {
    state: watch::Receiver<CampaignState>,
    seen: StreamId,
    resets: u64,
}

/// What a follower has to know next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Quarter hours changed.
    Quarters {
        /// The place in the feed from which to resume.
        place: StreamId,
        /// When the newest counted record came into the log.
        log_time: DateTime<Utc>,
        /// Those that Redis holds completely: all their numbers, which replace earlier ones.
        quarters: QuarterSeries,
        /// The others, to be read again from where their numbers are.
        elsewhere: BTreeSet<QuarterHour>,
    },
    /// Something may be missing: start from a fresh read of the counters.
    Reset,
}

/// The latest state of a campaign's changed quarter hours.
#[derive(Debug)]
pub(crate) struct CampaignState {
    quarters: BTreeMap<QuarterHour, (StreamId, Option<Sums>)>,
    place: StreamId,
    log_time: DateTime<Utc>,
    /// Changes up to here were forgotten.
    forgotten: StreamId,
    resets: u64,
}

impl CampaignState {
    pub(crate) const fn new(place: StreamId) -> Self {
        Self {
            quarters: BTreeMap::new(),
            place,
            log_time: DateTime::UNIX_EPOCH,
            forgotten: StreamId::START,
            resets: 0,
        }
    }

    /// Takes in all that an entry says of `campaign`; whether that is anything. All at once: whoever
    /// sees the entry's place takes it for read.
    pub(crate) fn replace(&mut self, entry: &FeedEntry, campaign: &CampaignId) -> bool {
        let mut is_named = false;
        for bucket in entry.buckets.iter().filter(|bucket| bucket.campaign == *campaign) {
            is_named = true;
            self.quarters.insert(bucket.quarter, (entry.id, bucket.sums.clone()));
            if self.quarters.len() > QUARTERS_KEPT
                && let Some((_, (id, _))) = self.quarters.pop_first()
            {
                self.forgotten = self.forgotten.max(id);
            }
        }
        if is_named {
            self.place = entry.id;
            self.log_time = self.log_time.max(entry.log_time);
        }
        is_named
    }

    pub(crate) fn reset(&mut self, place: StreamId) {
        *self = Self { resets: self.resets + 1, ..Self::new(place) };
    }
}

impl CampaignFeed {
    pub(crate) fn new(state: watch::Receiver<CampaignState>, seen: StreamId) -> Self {
        let resets = state.borrow().resets;
        Self { state, seen, resets }
    }

    /// The place in the feed up to which this follower knows everything.
    pub const fn place(&self) -> StreamId {
        self.seen
    }

    /// Leaves out what was learnt elsewhere, such as from [`crate::TenantAggregates::feed_since`].
    pub fn skip_to(&mut self, place: StreamId) {
        self.seen = self.seen.max(place);
    }

    /// Waits for a change, and gives everything that changed since the last one; `None` when there
    /// will be no more. May be given up at any moment without losing anything.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.pending() {
                return Some(change);
            }
            self.state.changed().await.ok()?;
        }
    }

    fn pending(&mut self) -> Option<Change> {
        let state = self.state.borrow_and_update();
        if state.resets != self.resets || self.seen < state.forgotten {
            self.resets = state.resets;
            self.seen = state.place;
            return Some(Change::Reset);
        }
        let (mut quarters, mut elsewhere) = (QuarterSeries::new(), BTreeSet::new());
        for (quarter, (_, sums)) in state.quarters.iter().filter(|(_, (id, _))| *id > self.seen) {
            match sums {
                Some(sums) => {
                    quarters.insert(*quarter, sums.clone());
                }
                None => {
                    elsewhere.insert(*quarter);
                }
            }
        }
        if quarters.is_empty() && elsewhere.is_empty() {
            return None;
        }
        let CampaignState { place, log_time, .. } = *state;
        self.seen = place;
        Some(Change::Quarters { place, log_time, quarters, elsewhere })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeedBucket;

    fn entry(id: &str, minute: i64, clicks: u64) -> FeedEntry {
        let mut sums = Sums::default();
        sums.add_count(metrics::Counter::Clicks, None, clicks);
        let time = DateTime::from_timestamp(minute * 60, 0).unwrap();
        let bucket = FeedBucket {
            campaign: "spring-sale".parse().unwrap(),
            quarter: QuarterHour::containing(time),
            sums: Some(sums),
        };
        FeedEntry { id: id.parse().unwrap(), log_time: time, buckets: vec![bucket] }
    }

    fn publish(sender: &watch::Sender<CampaignState>, entry: &FeedEntry) {
        let campaign = &entry.buckets[0].campaign;
        sender.send_if_modified(|state| state.replace(entry, campaign));
    }

    #[tokio::test]
    async fn a_slow_follower_gets_the_latest_state_of_everything_that_changed() {
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
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
    async fn an_entry_is_seen_whole_by_a_follower_who_looks_at_any_moment() {
        const ENTRIES: u64 = 20_000;
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
        let publisher = std::thread::spawn(move || {
            for clicks in 1..=ENTRIES {
                let mut both = entry(&format!("{clicks}-0"), 0, clicks);
                both.buckets.extend(entry("1-0", 20, clicks).buckets);
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
    async fn what_redis_does_not_hold_completely_is_only_named() {
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
        let mut named = entry("1-0", 0, 1);
        named.buckets[0].sums = None;
        publish(&sender, &named);
        publish(&sender, &entry("2-0", 20, 2));
        let Some(Change::Quarters { quarters, elsewhere, .. }) = feed.next().await else {
            panic!()
        };
        assert_eq!(elsewhere, [named.buckets[0].quarter].into());
        assert_eq!(quarters.len(), 1);
        assert_eq!(feed.pending(), None);
    }

    #[tokio::test]
    async fn what_was_learnt_elsewhere_is_not_told_again() {
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
        publish(&sender, &entry("1-0", 0, 1));
        feed.skip_to("1-0".parse().unwrap());
        assert_eq!(feed.pending(), None);
        publish(&sender, &entry("2-0", 0, 2));
        assert!(feed.pending().is_some());
    }

    #[tokio::test]
    async fn who_missed_what_was_forgotten_is_told_to_start_afresh() {
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
        for number in 0..=QUARTERS_KEPT as i64 {
            publish(&sender, &entry(&format!("{}-0", number + 1), number * 15, 1));
        }
        assert_eq!(feed.next().await, Some(Change::Reset));
        assert_eq!(feed.pending(), None);
    }

    #[tokio::test]
    async fn the_end_of_the_reader_is_the_end_of_the_feed() {
        let sender = watch::Sender::new(CampaignState::new(StreamId::START));
        let mut feed = CampaignFeed::new(sender.subscribe(), StreamId::START);
        drop(sender);
        assert_eq!(feed.next().await, None);
    }
}
