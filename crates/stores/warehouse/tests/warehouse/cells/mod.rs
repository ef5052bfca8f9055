mod customer_types;
mod declared;
mod distincts;
mod groups;
mod parts;
mod sums;

use std::collections::BTreeMap;

use chrono_tz::Europe::Berlin;
use events::Event;
use metrics::{
    Counter, Dimension, DimensionTest, EventTest, Filter, Granularity, Level, Sums, TextTest,
    TimeRange,
};
use warehouse::{CellQuery, Keys};

use crate::shop::{Shop, at};

const TIME: &str = "2026-03-01T22:50:00Z";

fn day() -> TimeRange {
    TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap()
}

fn query<'a>(by: &'a [Dimension], filter: &'a Filter<EventTest>) -> CellQuery<'a> {
    CellQuery {
        range: day(),
        buckets: Granularity::Total.buckets(day(), Berlin),
        zone: Berlin,
        home: "EUR".parse().unwrap(),
        level: Level::Event,
        counts: true,
        by,
        filter,
        keys: Keys::All,
        advertisers: None,
    }
}

fn test(dimension: Dimension, test: TextTest) -> Filter<EventTest> {
    Filter::Test(DimensionTest { dimension, test }.into())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn on(device: &str, country: &str, event: Event) -> Event {
    Event { device: Some(device.to_owned()), country: Some(country.to_owned()), ..event }
}

/// Returns a number of each cell, by its keys.
async fn by_keys<T>(
    shop: &Shop,
    query: &CellQuery<'_>,
    number: impl Fn(&Sums) -> T,
) -> BTreeMap<String, T> {
    let cells = shop.warehouse.for_tenant(&shop.context).cells(query).await.unwrap();
    cells.iter().map(|((_, keys), sums)| (keys.join("/"), number(sums))).collect()
}

async fn clicks(shop: &Shop, query: &CellQuery<'_>) -> BTreeMap<String, u64> {
    let mut clicks = by_keys(shop, query, |sums| sums.count(Counter::Clicks)).await;
    clicks.retain(|_, count| *count > 0);
    clicks
}

fn expected<const N: usize>(cells: [(&str, u64); N]) -> BTreeMap<String, u64> {
    cells.into_iter().map(|(keys, count)| (keys.to_owned(), count)).collect()
}
