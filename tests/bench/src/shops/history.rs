use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc, Weekday};
use rand::Rng;

use super::{Sizes, choice::Choice, shared};
use crate::{
    Failure,
    clickhouse::{ClickHouse, all_merged},
};

/// Days with events.
const DAYS: i32 = 90;

/// How many days ago the last of them ended: Redis holds later hours, and would answer for them.
const DAYS_AGO: i32 = 4;

/// A visitor has so many events on average, but a tenant has at least some visitors.
const EVENTS_A_VISITOR: u32 = 20;
const FEWEST_VISITORS: u32 = 50;

/// Months of events of many tenants, in the shared tables.
///
/// ClickHouse itself makes them from a seed, with all columns that the store sink writes: half of the
/// events are of the first tenant, a twentieth of the second, and the rest of the others by Zipf's law.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// The start of the first day.
    pub(crate) from: DateTime<Utc>,
    /// The end of the last day. Visits that began before it may have ended a few minutes after it.
    pub(crate) to: DateTime<Utc>,
}

impl History {
    /// Fills the tables, day by day, and waits for the merges.
    ///
    /// # Errors
    /// ClickHouse refuses a day.
    pub(crate) async fn fill(
        tenants: &[String],
        events: u32,
        sizes: Sizes,
        seed: u64,
    ) -> Result<Self, Failure> {
        let to = Utc::now().duration_trunc(TimeDelta::days(1))? - TimeDelta::days(1) * DAYS_AGO;
        let history = Self { from: to - TimeDelta::days(1) * DAYS, to };
        let shares = of_tenants(tenants.len());
        let visitors = shares.shares(events).into_iter();
        let visitors: Vec<_> =
            visitors.map(|share| (share / EVENTS_A_VISITOR).max(FEWEST_VISITORS)).collect();
        let writer = ClickHouse::of("shared").writer(&shared()?.database);
        let mut first_offset = 0_u64;
        for ((day, midnight), of_day) in (0_u32..).zip(history.days()).zip(history.shares(events)) {
            let places = Places::of(tenants, &visitors, &shares.shares(of_day));
            let statement = writer
                .query_raw(include_str!("../../queries/history.sql"))
                .param("seed", seed)
                .param("day", day)
                .param("midnight", midnight.timestamp_millis())
                .param("first_offset", first_offset)
                .param("events", of_day)
                .param("campaigns", sizes.campaigns)
                .param("products", sizes.products)
                .param("tenants", &places.tenants)
                .param("visitors", &places.visitors)
                .param("firsts", &places.firsts)
                // Parts of days that ended have been merged, and have statistics since.
                .with_setting("materialize_statistics_on_insert", "1");
            statement.execute().await?;
            first_offset += u64::from(of_day);
        }
        all_merged().await?;
        Ok(history)
    }

    /// Returns the start of a random stretch of this length, a quarter hour.
    pub(crate) fn random_start(&self, random: &mut impl Rng, length: TimeDelta) -> DateTime<Utc> {
        let quarters = (self.to - self.from - length).num_minutes() / 15;
        self.from + TimeDelta::minutes(15 * random.random_range(0..=quarters.max(0)))
    }

    /// Returns the start of each day.
    fn days(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let from = self.from;
        (0..DAYS).map(move |day| from + TimeDelta::days(1) * day)
    }

    /// Returns how many of `total` events each day has.
    fn shares(&self, total: u32) -> Vec<u32> {
        let weight = |day: DateTime<Utc>| match day.weekday() {
            Weekday::Fri => 0.9,
            Weekday::Sat => 0.8,
            Weekday::Sun => 1.2,
            _ => 1.0,
        };
        Choice::weighted(self.days().map(weight)).shares(total)
    }
}

/// The tenants that have events on a day, in their order.
#[derive(Debug, Default)]
struct Places {
    tenants: Vec<String>,
    /// How many visitors each has on all days.
    visitors: Vec<u32>,
    /// The number of each one's first event of the day.
    firsts: Vec<u64>,
}

impl Places {
    fn of(tenants: &[String], visitors: &[u32], shares: &[u32]) -> Self {
        let mut places = Self::default();
        let mut first = 0_u64;
        for ((tenant, visitors), events) in tenants.iter().zip(visitors).zip(shares) {
            if *events > 0 {
                places.tenants.push(tenant.clone());
                places.visitors.push(*visitors);
                places.firsts.push(first);
            }
            first += u64::from(*events);
        }
        places
    }
}

/// Returns which of so many tenants an event is of.
fn of_tenants(count: usize) -> Choice {
    let others = 1..count.saturating_sub(1);
    let sum: f64 = others.clone().map(|rank| 1.0 / rank as f64).sum();
    let others = others.map(|rank| 0.45 / sum / rank as f64);
    Choice::weighted([0.5, 0.05].into_iter().chain(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_events_are_of_the_first_tenant_and_a_twentieth_of_the_second() {
        let shares = of_tenants(200).shares(20_000_000);
        assert_eq!(shares.len(), 200);
        assert_eq!(shares[..2], [10_000_000, 1_000_000]);
        assert!(shares.iter().all(|events| *events > 5_000), "{shares:?}");
    }

    #[test]
    fn a_tenant_without_events_has_no_place() {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let places = Places::of(&ids, &[50, 60, 70], &[3, 0, 2]);
        assert_eq!(places.tenants, ["a", "c"]);
        assert_eq!((places.visitors, places.firsts), (vec![50, 70], vec![0, 3]));
    }
}
