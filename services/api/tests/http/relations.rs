//! Answers to random queries must fit each other.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::{query::insert, stand::Stand};

/// The number of random queries; each is compared with several others.
const QUERIES: usize = 170;
const SEED: u64 = 7;

const ADDITIVE: [&str; 7] =
    ["events", "impressions", "clicks", "product_views", "orders", "units_sold", "sales"];
const OTHERS: [&str; 5] = ["visitors", "customers", "ctr", "aov", "frequency"];
const DIMENSIONS: [&str; 8] = [
    "campaign",
    "device",
    "country",
    "event_type",
    "currency",
    "hour_of_day",
    "day_of_week",
    "placement",
];
const PRODUCTS: [&str; 3] = ["product", "brand", "category"];
const ZONES: [&str; 3] = ["Asia/Kolkata", "Europe/Berlin", "America/Santiago"];

/// Returns a seeded set of events around the 29th of March 2026: carts, purchases, refunds, three
/// currencies, repeated visitors, orders of several products.
fn shop(random: &mut StdRng) -> Vec<Value> {
    let types = [
        "ad_impression",
        "ad_impression",
        "ad_click",
        "page_view",
        "product_view",
        "product_view",
        "add_to_cart",
        "purchase",
        "refund",
    ];
    let start = 1_774_560_000_i64; // 2026-03-26T21:20:00Z
    (0..3_000)
        .map(|_| {
            let time = start + random.random_range(0..5 * 86_400);
            let event_type = *types.choose(random).unwrap();
            let mut event = json!({
                "type": event_type,
                "event_time": chrono::DateTime::from_timestamp(time, 0).unwrap(),
                "visitor_id": format!("v{}", random.random_range(0..80)),
                "device": one_of(random, &["mobile", "desktop", "tv"]),
                "country": one_of(random, &["DE", "AT", "CH", "IN"]),
            });
            if random.random_bool(0.7) {
                event["campaign_id"] = json!(format!("c{}", random.random_range(0..6)));
            }
            if random.random_bool(0.3) {
                event["customer_id"] = json!(format!("k{}", random.random_range(0..30)));
                event["placement"] = json!(one_of(random, &["top", "side"]));
            }
            if ["product_view", "add_to_cart", "purchase", "refund"].contains(&event_type) {
                let items = (0..random.random_range(1..4)).map(|_| {
                    let product = random.random_range(0..9);
                    json!({
                        "product_id": format!("p{product}"), "brand": format!("b{}", product % 3),
                        "category": format!("g{}", product % 2),
                        "quantity": random.random_range(1..4), "price": "1.25",
                    })
                });
                event["items"] = json!(items.collect::<Vec<_>>());
                event["currency"] = json!(one_of(random, &["EUR", "EUR", "USD", "CHF"]));
                if random.random_bool(0.5) {
                    event["revenue"] = json!(format!("{}.05", random.random_range(1..90)));
                }
            }
            event
        })
        .collect()
}

fn one_of<'a>(random: &mut StdRng, texts: &[&'a str]) -> &'a str {
    texts.choose(random).unwrap()
}

/// A random query.
fn random_query(random: &mut StdRng) -> Value {
    let of_products = random.random_bool(0.3);
    let mut dimensions: Vec<_> = {
        let number = random.random_range(1..=2);
        DIMENSIONS.choose_multiple(random, number).copied().collect()
    };
    if of_products {
        dimensions.push(PRODUCTS.choose(random).unwrap());
    }
    let mut metrics: Vec<_> = ADDITIVE.choose_multiple(random, 3).copied().collect();
    metrics.push(OTHERS.choose(random).unwrap());
    let from = random.random_range(26..29);
    let to = random.random_range(from + 1..=31);
    let mut query = json!({
        "metrics": metrics, "dimensions": dimensions, "limit": 1000,
        "time": {
            "from": format!("2026-03-{from}"), "to": format!("2026-03-{to}"),
            "tz": one_of(random, &ZONES),
        },
    });
    if random.random_bool(0.5) {
        query["filters"] = random_filter(random, 0);
    }
    query
}

fn random_filter(random: &mut StdRng, depth: usize) -> Value {
    match random.random_range(if depth > 1 { 3..5 } else { 0..5 }) {
        0 => json!({"and": [random_filter(random, depth + 1), random_filter(random, depth + 1)]}),
        1 => json!({"or": [random_filter(random, depth + 1), random_filter(random, depth + 1)]}),
        2 => json!({"not": random_filter(random, depth + 1)}),
        3 => json!({"dimension": "device", "in": [one_of(random, &["mobile", "tv"])]}),
        _ => json!({"dimension": "campaign", "starts_with": [one_of(random, &["c1", "c2", "c"])]}),
    }
}

struct Asking<'a> {
    stand: &'a Stand,
    key: String,
    asked: usize,
}

impl Asking<'_> {
    async fn ask(&mut self, query: &Value, change: Value) -> Value {
        let mut query = query.clone();
        for (field, value) in change.as_object().unwrap() {
            match value {
                Value::Object(inner) if query[field].is_object() && field == "time" => {
                    query[field].as_object_mut().unwrap().extend(inner.clone());
                }
                _ => query[field] = value.clone(),
            }
        }
        self.asked += 1;
        let answer = self.stand.post("/v1/query", Some(&self.key), query.clone()).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.body
    }
}

/// Returns a number in millionths.
fn number(value: &Value) -> i128 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let micros = format!("{rest:0<6}");
    whole.parse::<i128>().unwrap() * 1_000_000 + micros.parse::<i128>().unwrap()
}

fn additive(query: &Value) -> impl Iterator<Item = &str> {
    let metrics =
        query["metrics"].as_array().unwrap().iter().map(|metric| metric.as_str().unwrap());
    metrics.filter(|metric| ADDITIVE.contains(metric))
}

fn sum(rows: &Value, metric: &str) -> i128 {
    rows.as_array().unwrap().iter().map(|row| number(&row["values"][metric])).sum()
}

fn totals(answer: &Value) -> &Map<String, Value> {
    answer["totals"]["values"].as_object().unwrap()
}

#[actix_web::test]
async fn answers_to_random_queries_fit_each_other() {
    let mut random = StdRng::seed_from_u64(SEED);
    let stand = Stand::new().await;
    insert(&stand, shop(&mut random)).await;
    let key = stand.key("acme", "read");
    let mut asking = Asking { stand: &stand, key, asked: 0 };
    for _ in 0..QUERIES {
        let query = random_query(&mut random);
        let dimensions = query["dimensions"].as_array().unwrap();
        let of_products =
            dimensions.iter().any(|dimension| PRODUCTS.contains(&dimension.as_str().unwrap()));
        let whole = asking.ask(&query, json!({})).await;
        assert_eq!(whole["next"], Value::Null, "{query}");

        // Buckets add up to the range, whatever their length.
        for granularity in ["hour", "day"] {
            let series = asking.ask(&query, json!({"time": {"granularity": granularity}})).await;
            for metric in additive(&query) {
                assert_eq!(
                    sum(&series["rows"], metric),
                    sum(&whole["rows"], metric),
                    "{metric} by {granularity}: {query}"
                );
            }
            assert_eq!(totals(&series), totals(&whole), "{query}");
        }

        // Segments add up to the totals, unless an event has several products.
        let top = json!({"top": {"n": 2, "by": "events", "others": true}});
        let top = asking.ask(&query, top).await;
        assert_eq!(totals(&top), totals(&whole), "{query}");
        let sums = ["units_sold", "sales"];
        for metric in additive(&query).filter(|metric| !of_products || sums.contains(metric)) {
            let total = number(&whole["totals"]["values"][metric]);
            assert_eq!(sum(&whole["rows"], metric), total, "{metric}: {query}");
            let others = top["others"]["values"].get(metric).map_or(0, number);
            assert_eq!(sum(&top["rows"], metric) + others, total, "others, {metric}: {query}");
        }

        // A filter and its negation select everything once.
        let filter = random_filter(&mut random, 0);
        let all = asking.ask(&query, json!({"filters": null})).await;
        let some = asking.ask(&query, json!({"filters": filter})).await;
        let rest = asking.ask(&query, json!({"filters": {"not": filter}})).await;
        let conditions =
            [json!({"metric": "events", "gte": 20}), json!({"metric": "ctr", "lt": 0.4})];
        let condition = conditions.choose(&mut random).unwrap();
        let many = asking.ask(&query, json!({"filters": condition})).await;
        let few = asking.ask(&query, json!({"filters": {"not": condition}})).await;
        for metric in additive(&query) {
            let total = |answer: &Value| number(&answer["totals"]["values"][metric]);
            assert_eq!(total(&some) + total(&rest), total(&all), "{metric}, {filter}: {query}");
            if !of_products {
                assert_eq!(
                    total(&many) + total(&few),
                    total(&all),
                    "{metric}, {condition}: {query}"
                );
            }
        }

        // A comparison is two queries.
        let compared = asking.ask(&query, json!({"compare": {"to": "previous_week"}})).await;
        let earlier = &compared["query"]["compare"];
        let time = json!({"from": earlier["from"], "to": earlier["to"]});
        let alone = asking.ask(&query, json!({"time": time})).await;
        // A comparison has the currencies of both periods.
        let own = |values: &Value| {
            let mut values = values.clone();
            values.as_object_mut().unwrap().remove("by_currency");
            values
        };
        let [now, before] = ["values", "previous"].map(|side| own(&compared["totals"][side]));
        assert_eq!(before, own(&alone["totals"]["values"]), "{query}");
        assert_eq!(now, own(&whole["totals"]["values"]), "{query}");

        // An answer that is in memory says the same.
        let again = asking.ask(&query, json!({})).await;
        assert_eq!(again["rows"], whole["rows"], "{query}");
    }
    assert!(asking.asked >= 2_000, "{}", asking.asked);
}
