use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tenancy::CampaignId;

use super::{
    advertising::Advertising,
    catalogue::Catalogue,
    day_curve::busyness,
    session::{LONGEST, Session},
};
use crate::delivery::OutgoingEvent;

/// How many visits are made up to learn how many events one has on average.
const SAMPLE: u32 = 2_000;

/// Whether the rate follows the hours of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    /// Quiet at night, busy in the evening; `rate` is the day's average.
    Day,
    /// Always the same.
    Flat,
}

/// Everything that happens in one shop, from a start on.
pub(crate) struct Traffic {
    catalogue: Catalogue,
    advertising: Advertising,
    random: StdRng,
    curve: Curve,
    visits_per_second: f64,
    next_visit: DateTime<Utc>,
    start: DateTime<Utc>,
    /// Made up, but not yet due; by time, and by number among those of one time.
    waiting: BTreeMap<(DateTime<Utc>, u64), OutgoingEvent>,
    made: u64,
}

impl Traffic {
    /// A shop whose events average `rate` a second, from `start` on.
    pub(crate) fn new(
        seed: u64,
        rate: f64,
        curve: Curve,
        campaigns: &[CampaignId],
        start: DateTime<Utc>,
    ) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let catalogue = Catalogue::new(&mut random);
        let advertising = Advertising::new(campaigns, &catalogue, &mut random);
        let sampled: usize = (0..SAMPLE)
            .map(|_| Session::events(start, &catalogue, &advertising, &mut random).len())
            .sum();
        let events_per_visit = sampled as f64 / f64::from(SAMPLE);
        Self {
            catalogue,
            advertising,
            random,
            curve,
            visits_per_second: rate / events_per_visit.max(1.0),
            // The shop opened earlier: at the start, visits are under way already.
            next_visit: start - LONGEST,
            start,
            waiting: BTreeMap::new(),
            made: 0,
        }
    }

    /// What happened up to `now` and was not yet told, in the order of time.
    pub(crate) fn until(&mut self, now: DateTime<Utc>) -> Vec<OutgoingEvent> {
        while self.next_visit <= now {
            let at = self.next_visit;
            self.visit(at);
            self.next_visit = at + self.pause(at);
        }
        let later = self.waiting.split_off(&(now + TimeDelta::milliseconds(1), 0));
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }

    fn visit(&mut self, at: DateTime<Utc>) {
        let Self { catalogue, advertising, random, start, .. } = self;
        for event in Session::events(at, catalogue, advertising, random) {
            if event.event_time >= *start {
                self.made += 1;
                self.waiting.insert((event.event_time, self.made), event);
            }
        }
    }

    /// Visitors come independently of each other: the pauses between them are exponential.
    fn pause(&mut self, at: DateTime<Utc>) -> TimeDelta {
        let busyness = match self.curve {
            Curve::Day => busyness(at),
            Curve::Flat => 1.0,
        };
        let mean_seconds = 1.0 / (self.visits_per_second * busyness);
        let chance: f64 = self.random.random_range(f64::MIN_POSITIVE..1.0);
        TimeDelta::microseconds((-chance.ln() * mean_seconds * 1e6) as i64)
    }
}

#[cfg(test)]
mod tests {
    use events::{Admission, EventType};

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn hour(seed: u64, curve: Curve) -> Vec<OutgoingEvent> {
        let campaigns = ["spring-sale", "new-shoes"].map(|id| id.parse().unwrap());
        let mut traffic = Traffic::new(seed, 5.0, curve, &campaigns, start());
        let ticks = (0..=36_000).map(|tick| start() + TimeDelta::milliseconds(tick * 100));
        ticks.flat_map(|now| traffic.until(now)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        let (one, same, other) = (hour(1, Curve::Day), hour(1, Curve::Day), hour(2, Curve::Day));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn events_come_in_order_at_the_rate_asked_for_from_the_first_second() {
        let events = hour(1, Curve::Flat);
        assert!(events.is_sorted_by_key(|event| event.event_time));
        let rate = events.len() as f64 / 3_600.0;
        assert!((4.5..5.5).contains(&rate), "{rate} events/s");
        let early = start() + TimeDelta::minutes(5);
        let early = events.iter().filter(|event| event.event_time < early).count() as f64 / 300.0;
        assert!((4.0..6.0).contains(&early), "{early} events/s in the first minutes");
    }

    #[test]
    fn every_sort_of_event_happens_and_the_collector_would_take_each() {
        let (tenant, eur) = ("acme".parse().unwrap(), "EUR".parse().unwrap());
        let admission = Admission::new(&tenant, eur, start() + TimeDelta::hours(1));
        let mut counts = std::collections::HashMap::<EventType, u32>::new();
        for event in hour(1, Curve::Flat) {
            let parsed = events::parse(event.line().as_bytes(), &admission);
            let parsed = parsed.unwrap_or_else(|rejection| panic!("{rejection}: {}", event.line()));
            assert_eq!((&parsed.warnings, &parsed.adjusted), (&vec![], &vec![]));
            let parsed = parsed.event;
            assert_eq!(parsed.event_time.timestamp_millis(), event.event_time.timestamp_millis());
            *counts.entry(parsed.event_type).or_default() += 1;
        }
        let count = |event_type| counts.get(&event_type).copied().unwrap_or_default();
        assert!(count(EventType::Refund) <= count(EventType::Purchase));
        assert!(count(EventType::Purchase) < count(EventType::BeginCheckout));
        assert!(count(EventType::BeginCheckout) < count(EventType::AddToCart));
        assert!(count(EventType::AddToCart) < count(EventType::ProductView));
        assert!(count(EventType::AdClick) * 10 < count(EventType::AdViewable));
        assert!(count(EventType::AdViewable) < count(EventType::AdImpression));
        for needed in [EventType::AdClick, EventType::Purchase, EventType::RemoveFromCart] {
            assert!(count(needed.clone()) > 0, "no {needed}");
        }
    }
}
