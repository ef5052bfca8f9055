//! Random queries.

use std::{collections::BTreeSet, ops::Range};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::Tier;

use crate::{
    deck::Deck,
    recount::{Catalogue, DAYS, Dimension, Metric, ZONES, range},
};

/// Lengths of ranges, in quarter hours.
const LENGTHS: [u64; 6] = [5, 16, 48, 96, 192, 400];
/// The longest range of which quarter hours are asked for.
const OF_QUARTER_HOURS: u64 = 96;
/// A granularity, and a coarser one whose buckets consist of its own.
const GRANULARITIES: [[&str; 2]; 4] =
    [["hour", "day"], ["hour", "week"], ["day", "week"], ["day", "month"]];
const FINE_GRANULARITIES: [[&str; 2]; 2] = [["15m", "hour"], ["15m", "day"]];

const CAMPAIGNS: [&str; 4] = ["spring", "autumn", "outlet", "Spring"];

/// The metrics that add up over the items of an event.
const OF_ITEMS: [&str; 3] = ["units_sold", "sales", "net_sales"];
/// More segments than any query here has.
const LIMIT: u64 = 400;

/// Tests of events.
const TESTS: [(&str, &str, &[&str]); 9] = [
    ("device", "in", &["mobile", "tv"]),
    ("device", "not_in", &["desktop", ""]),
    ("campaign", "starts_with", &["s", "out"]),
    ("keyword", "contains", &["oo", "é"]),
    ("country", "in", &["", "IN"]),
    ("currency", "in", &["EUR", "JPY"]),
    ("event_type", "not_in", &["ad_impression"]),
    ("hour_of_day", "starts_with", &["0", "23"]),
    ("referrer", "contains", &["search"]),
];
const TESTS_OF_PRODUCTS: [(&str, &str, &[&str]); 3] = [
    ("product", "in", &["p1", "p2", "p5"]),
    ("brand", "not_in", &["acme"]),
    ("category", "in", &["", "coats"]),
];

/// A random query, and in what the queries differ that it is compared with.
pub(super) struct Trial {
    pub(super) tier: Tier,
    pub(super) query: Value,
    pub(super) dimensions: Vec<String>,
    /// The metrics that add up, over time and events.
    pub(super) additive: Vec<String>,
    /// The metrics of which those of all segments are the total, and those of a condition and of its
    /// negation are all.
    pub(super) partitioned: Vec<String>,
    /// A quarter hour within the range of the query.
    pub(super) cut: DateTime<Utc>,
    /// A granularity, and a coarser one.
    pub(super) granularities: [&'static str; 2],
    /// Filters that select all that the query selects, one or the other.
    pub(super) halves: [Value; 2],
    pub(super) top: Value,
    pub(super) compare: Value,
    /// A campaign, whose series is a query as well.
    pub(super) campaign: &'static str,
}

impl Trial {
    pub(super) fn random(deck: &mut Deck, catalogue: &Catalogue) -> Self {
        let dimensions = dimensions(deck, catalogue);
        let of_products = dimensions.iter().any(|dimension| dimension.is_of_products);
        let metrics = metrics(deck, catalogue, &dimensions);
        let zone = deck.deal("a zone", &ZONES);
        let length = deck.deal("a length", &LENGTHS);
        let (range, cut) = time(deck, length);
        let additive = names(&metrics, |metric| metric.is_additive);
        let partitioned = additive.iter().filter(|name| !of_products || is_of_items(name));
        let filter = deck.one_in(2).then(|| condition(deck, of_products, 0));
        let dimensions: Vec<_> = dimensions.iter().map(|one| one.name.clone()).collect();
        let by = deck.below(metrics.len() as u64) as usize;
        Self {
            tier: deck.deal("a tier", &Tier::ALL),
            query: json!({
                "metrics": names(&metrics, |_| true), "dimensions": dimensions, "limit": LIMIT,
                "time": {"from": range.start, "to": range.end, "tz": zone.name()},
                "filters": filter,
            }),
            partitioned: partitioned.cloned().collect(),
            cut,
            granularities: match length <= OF_QUARTER_HOURS {
                true => deck.deal("two fine granularities", &FINE_GRANULARITIES),
                false => deck.deal("two granularities", &GRANULARITIES),
            },
            halves: halves(deck, filter.as_ref(), &metrics, of_products, !dimensions.is_empty()),
            top: json!({"n": 1 + deck.below(4), "by": metrics[by].name, "others": true}),
            compare: compare(deck),
            campaign: deck.deal("a campaign", &CAMPAIGNS),
            dimensions,
            additive,
        }
    }

    /// Returns another limit, which changes nothing but the key by which an answer is remembered.
    pub(super) fn other_limit() -> Value {
        json!({"limit": LIMIT - 1})
    }
}

/// Returns the names of the metrics that are `wanted`.
fn names(metrics: &[&Metric], wanted: impl Fn(&Metric) -> bool) -> Vec<String> {
    let metrics = metrics.iter().filter(|metric| wanted(metric));
    metrics.map(|metric| metric.name.clone()).collect()
}

fn is_of_items(metric: &str) -> bool {
    OF_ITEMS.contains(&metric)
}

/// Returns up to two dimensions.
fn dimensions<'a>(deck: &mut Deck, catalogue: &'a Catalogue) -> Vec<&'a Dimension> {
    let all: Vec<_> = catalogue.dimensions.iter().collect();
    let number = deck.deal("a number of dimensions", &[0, 1, 1, 2, 2]);
    let mut dimensions: Vec<&Dimension> =
        (0..number).map(|_| deck.deal("a dimension", &all)).collect();
    dimensions.dedup_by(|one, other| one.name == other.name);
    dimensions
}

/// Returns some metrics that combine with these dimensions; at least two add up, also over items.
fn metrics<'a>(
    deck: &mut Deck,
    catalogue: &'a Catalogue,
    dimensions: &[&Dimension],
) -> Vec<&'a Metric> {
    let combines = |metric: &&Metric| {
        dimensions.iter().all(|dimension| dimension.metrics.contains(&metric.name))
    };
    let possible: Vec<_> = catalogue.metrics.iter().filter(combines).collect();
    // Their number depends on whether the query is about products.
    let choice = format!("a metric of {}", possible.len());
    let dealt: BTreeSet<_> = (0..4).map(|_| deck.deal(&choice, &possible).name.as_str()).collect();
    let is_dealt =
        |metric: &&Metric| is_of_items(&metric.name) || dealt.contains(metric.name.as_str());
    possible.into_iter().filter(is_dealt).collect()
}

/// Returns a range of so many quarter hours, and a time within it.
fn time(deck: &mut Deck, length: u64) -> (Range<DateTime<Utc>>, DateTime<Utc>) {
    let days = range(DAYS);
    let after =
        |time: DateTime<Utc>, quarters: u64| time + TimeDelta::minutes(15) * quarters as i32;
    let quarters = (days.end - days.start).num_minutes() as u64 / 15;
    let start = after(days.start, deck.below(quarters - length));
    (start..after(start, length), after(start, 1 + deck.below(length - 1)))
}

/// Returns a condition on events, or on items.
fn condition(deck: &mut Deck, of_products: bool, depth: u32) -> Value {
    let inner = |deck: &mut Deck| condition(deck, of_products, depth + 1);
    match deck.below(if depth > 1 { 3 } else { 6 }) {
        3 => json!({"and": [inner(deck), inner(deck)]}),
        4 => json!({"or": [inner(deck), inner(deck)]}),
        5 => json!({"not": inner(deck)}),
        _ => {
            let (dimension, operator, values) = match of_products && deck.one_in(2) {
                true => deck.deal("a test of products", &TESTS_OF_PRODUCTS),
                false => deck.deal("a test", &TESTS),
            };
            json!({"dimension": dimension, operator: values})
        }
    }
}

/// Adds a condition to a filter, and its negation: one on events, or at times one on segments.
fn halves(
    deck: &mut Deck,
    filter: Option<&Value>,
    metrics: &[&Metric],
    of_products: bool,
    has_segments: bool,
) -> [Value; 2] {
    let half = if has_segments && deck.one_in(3) {
        let metric = metrics[deck.below(metrics.len() as u64) as usize];
        let operator = deck.deal("a comparison of a metric", &["gt", "gte", "lt", "lte"]);
        json!({"metric": metric.name, operator: deck.deal("a bound", &["0", "0.5", "3", "100"])})
    } else {
        condition(deck, of_products, 0)
    };
    let not = json!({"not": half});
    let with = |half: Value| match filter {
        Some(filter) => json!({"and": [filter, half]}),
        None => half,
    };
    [with(half), with(not)]
}

fn compare(deck: &mut Deck) -> Value {
    let to = deck.deal("a comparison", &["previous_period", "previous_week", "custom", "custom"]);
    if to != "custom" {
        return json!({"to": to});
    }
    let length = deck.deal("a length of a comparison", &LENGTHS);
    let (range, _) = time(deck, length);
    json!({"to": to, "from": range.start, "until": range.end})
}
