use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    chance::Chance,
    session::{LONGEST, Session},
    shop::Shop,
    shop_file::ShopFile,
};
use crate::delivery::OutgoingEvent;

/// How many visits are simulated to measure the average number of events per visit.
const SAMPLE: u32 = 2_000;

/// The step in which the shop counts as equally busy.
const STEP: TimeDelta = TimeDelta::minutes(5);

/// How the rate changes over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    /// Quiet at night, busy in the evening, different on Sundays; `rate` is the week's average.
    Calendar,
    /// Constant.
    Flat,
}

/// The events of one shop, from a start on.
pub(crate) struct Traffic {
    shop: Shop,
    chance: Chance,
    curve: Curve,
    visits_per_second: f64,
    next_visit: DateTime<Utc>,
    start: DateTime<Utc>,
    /// Simulated events that are not yet due, by time and sequence number.
    waiting: BTreeMap<(DateTime<Utc>, u64), OutgoingEvent>,
    made: u64,
}

impl Traffic {
    /// Creates the traffic of a shop with `rate` events a second on average, from `start` on.
    ///
    /// The seed alone sets the prices; seed and start together set the visitors and their actions.
    pub(crate) fn new(
        seed: u64,
        rate: f64,
        curve: Curve,
        file: ShopFile,
        start: DateTime<Utc>,
    ) -> Self {
        let shop = Shop::open(file, &mut StdRng::seed_from_u64(seed));
        let mut chance = Chance::new(seed);
        let sampled: usize =
            (0..SAMPLE).map(|_| Session::events(start, &shop, &mut chance).len()).sum();
        let events_per_visit = sampled as f64 / f64::from(SAMPLE);
        Self {
            shop,
            // Traffic with another start, such as the history, has other visitors.
            chance: Chance::new(seed ^ start.timestamp_micros().cast_unsigned()),
            curve,
            visits_per_second: rate / events_per_visit.max(1.0),
            // The simulation starts earlier, so that visits are already in progress at `start`.
            next_visit: start - LONGEST,
            start,
            waiting: BTreeMap::new(),
            made: 0,
        }
    }

    /// Returns the events up to `now` that were not yet returned, in order of time.
    pub(crate) fn until(&mut self, now: DateTime<Utc>) -> Vec<OutgoingEvent> {
        while self.next_visit <= now {
            let at = self.next_visit;
            self.visit(at);
            self.next_visit = self.visit_after(at);
        }
        let later = self.waiting.split_off(&(now + TimeDelta::milliseconds(1), 0));
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }

    fn visit(&mut self, at: DateTime<Utc>) {
        for event in Session::events(at, &self.shop, &mut self.chance) {
            if event.event_time >= self.start {
                self.made += 1;
                self.waiting.insert((event.event_time, self.made), event);
            }
        }
    }

    /// Returns the time of the next visit. Visits are independent: the pauses between them are
    /// exponential, and shorter when the shop is busier.
    fn visit_after(&mut self, mut at: DateTime<Utc>) -> DateTime<Utc> {
        let chance: f64 = self.chance.random.random_range(f64::MIN_POSITIVE..1.0);
        let mut seconds = -chance.ln() / self.visits_per_second;
        loop {
            let busyness = match self.curve {
                Curve::Calendar => self.shop.calendar.busyness(at),
                Curve::Flat => 1.0,
            };
            let step = STEP.as_seconds_f64() * busyness;
            if seconds <= step {
                return at + TimeDelta::microseconds((seconds / busyness * 1e6) as i64);
            }
            seconds -= step;
            at += STEP;
        }
    }
}

#[cfg(test)]
mod tests {
    use events::{EventType, ParseContext};

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn hour(seed: u64, curve: Curve) -> Vec<OutgoingEvent> {
        let shop = ShopFile::fashion().unwrap();
        let mut traffic = Traffic::new(seed, 5.0, curve, shop, start());
        let ticks = (0..=36_000).map(|tick| start() + TimeDelta::milliseconds(tick * 100));
        ticks.flat_map(|now| traffic.until(now)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        let (one, same, other) =
            (hour(1, Curve::Calendar), hour(1, Curve::Calendar), hour(2, Curve::Calendar));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn events_come_in_order_at_the_requested_rate_from_the_first_second() {
        // A few minutes have few visits: the mean needs several shops.
        let mut all = 0;
        let mut early = 0;
        let end = start() + TimeDelta::minutes(5);
        for seed in 1..=8 {
            let events = hour(seed, Curve::Flat);
            assert!(events.is_sorted_by_key(|event| event.event_time));
            all += events.len();
            early += events.iter().filter(|event| event.event_time < end).count();
        }
        let all = all as f64 / (8.0 * 3_600.0);
        let early = early as f64 / (8.0 * 300.0);
        assert!((4.5..5.5).contains(&all), "{all} events/s");
        assert!((4.5..5.5).contains(&early), "{early} events/s in the first minutes");
    }

    #[test]
    fn every_event_type_happens_and_the_collector_would_accept_each() {
        let tenant = "acme".parse().unwrap();
        let eur = "EUR".parse().unwrap();
        let context = ParseContext::new(&tenant, eur, start() + TimeDelta::hours(1));
        let mut counts = std::collections::HashMap::<EventType, u32>::new();
        for event in hour(1, Curve::Flat) {
            let parsed = events::parse(event.line().as_bytes(), &context);
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
