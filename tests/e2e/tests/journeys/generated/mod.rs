//! Whatever is accepted is the same in Redis, ClickHouse, the archive and the answers of the api, and
//! it is what its sender meant.

mod sender;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use events::{Event, EventType};
use money::{Amount, Quantity};
use rand::{SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use settings::Secret;
use testkit::{Platform, Tenant, Tier, eventually};
use uuid::Uuid;
use warehouse::ClusterSettings;

use crate::{agreement::Stores, archive::Shelf};
use sender::{Expected, Sender};

const BATCHES: usize = 24;
const EVENTS: usize = 50;
const CAMPAIGNS: [&str; 2] = ["spring", "autumn"];
const COUNTS: [(&str, EventType); 6] = [
    ("impressions", EventType::AdImpression),
    ("viewable_impressions", EventType::AdViewable),
    ("clicks", EventType::AdClick),
    ("product_views", EventType::ProductView),
    ("add_to_carts", EventType::AddToCart),
    ("orders", EventType::Purchase),
];

/// The seed of this run: `FOOTFALL_TEST_SEED` repeats another.
fn seed() -> u64 {
    let given = std::env::var("FOOTFALL_TEST_SEED").ok();
    given.map_or_else(rand::random, |seed| seed.parse().unwrap())
}

#[tokio::test]
async fn every_store_says_of_generated_events_what_their_senders_meant() {
    let seed = seed();
    println!("FOOTFALL_TEST_SEED={seed}");
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Dedicated).await;
    let mut sender = Sender { random: StdRng::seed_from_u64(seed), now: Utc::now() };
    let mut sent = HashMap::new();
    for _ in 0..BATCHES {
        let batch = sender.batch(EVENTS);
        let answer = platform.collect(&tenant.collect_key, &batch.body).await.expect(202).json();
        let outcomes = answer["outcomes"].as_array().unwrap();
        assert_eq!(outcomes.len(), batch.expected.len());
        for (outcome, expected) in outcomes.iter().zip(batch.expected) {
            assert_eq!(outcome["outcome"], "accepted", "{outcome} {expected:?}");
            let id: Uuid = outcome["event_id"].as_str().unwrap().parse().unwrap();
            assert_eq!(expected.event_id.unwrap_or(id), id);
            sent.insert(id, expected);
        }
    }
    assert_eq!(sent.len(), BATCHES * EVENTS);

    rows_agree(&tenant, &sent).await;
    archive_agrees(&platform, &sent).await;
    let stores = Stores::of(&platform).await;
    for campaign in CAMPAIGNS {
        stores.agree_over(&tenant, campaign, 5).await;
        answers_agree(&platform, &tenant, campaign, &sent).await;
    }
}

/// The archive holds each event as it was meant. A copy that went through the spool as well is a
/// record of its own.
async fn archive_agrees(platform: &Platform, sent: &HashMap<Uuid, Expected>) {
    let archived = Shelf::of(platform).await.events().await;
    let ids: HashSet<_> = archived.iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), sent.len());
    for event in archived {
        let expected = &sent[&event.event_id];
        let event_id = expected.event_id.map(|_| event.event_id);
        assert_eq!(as_expected(event, event_id), *expected);
    }
}

fn as_expected(event: Event, event_id: Option<Uuid>) -> Expected {
    let line = |item: events::Item| sender::Line {
        product_id: item.product_id,
        quantity: item.quantity,
        price: item.price,
    };
    Expected {
        event_type: event.event_type,
        event_id,
        event_time: event.event_time,
        visitor_id: event.visitor_id,
        customer_id: event.customer_id,
        campaign_id: event.campaign_id.map(|campaign| campaign.to_string()),
        order_id: event.order_id,
        keyword: event.keyword,
        country: event.country,
        currency: event.currency.map(|currency| currency.to_string()),
        cost: event.cost,
        revenue: event.revenue,
        items: event.items.into_iter().map(line).collect(),
    }
}

/// ClickHouse holds each event once, with its time, its money and all its lines.
async fn rows_agree(tenant: &Tenant, sent: &HashMap<Uuid, Expected>) {
    let statement = format!(
        "SELECT event_id, event_type, campaign_id, toUnixTimestamp64Milli(event_time), count(), \
         toInt64(sum(sales) * 1000000), toInt64(sum(cost) * 1000000), any(currency) \
         FROM tenant_{}.events GROUP BY event_id, event_type, campaign_id, event_time",
        tenant.id.replace('-', "_")
    );
    let rows = eventually("every event is in clickhouse", async || {
        let rows = ask(&statement).await;
        (rows.lines().count() >= sent.len()).then_some(rows)
    })
    .await;
    assert_eq!(rows.lines().count(), sent.len());
    for row in rows.lines() {
        let fields: Vec<_> = row.split('\t').collect();
        let expected = &sent[&fields[0].parse().unwrap()];
        let rows = expected.items.len().max(1);
        let cost = expected.cost.unwrap_or_default().micros();
        let right = [
            expected.event_type.to_string(),
            expected.campaign_id.clone().unwrap_or_default(),
            expected.event_time.timestamp_millis().to_string(),
            rows.to_string(),
            expected.sales().micros().to_string(),
            cost.to_string(),
            expected.currency.clone().unwrap_or_default(),
        ];
        assert_eq!(fields[1..], right, "{expected:?}");
    }
}

async fn ask(statement: &str) -> String {
    let ClusterSettings { url, writer_user, writer_password, .. } = testkit::cluster("dedicated");
    let request = Client::new().post(url).body(statement.to_owned());
    let request = request.basic_auth(writer_user, Some(Secret::expose(&writer_password)));
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

/// What a quarter hour of a campaign adds up to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Quarter {
    counts: BTreeMap<&'static str, u64>,
    units: Quantity,
    money: BTreeMap<(String, &'static str), Amount>,
}

/// The api says of every quarter hour what was sent.
async fn answers_agree(
    platform: &Platform,
    tenant: &Tenant,
    campaign: &str,
    sent: &HashMap<Uuid, Expected>,
) {
    let mut right = BTreeMap::<DateTime<Utc>, Quarter>::new();
    let of_campaign = |event: &&Expected| event.campaign_id.as_deref() == Some(campaign);
    for event in sent.values().filter(of_campaign) {
        let start = event.event_time.timestamp() / 900 * 900;
        let quarter = right.entry(DateTime::from_timestamp(start, 0).unwrap()).or_default();
        let counted = COUNTS.iter().find(|(_, kind)| *kind == event.event_type);
        if let Some((name, _)) = counted {
            *quarter.counts.entry(name).or_default() += 1;
        }
        quarter.units += event.units();
        for (name, amount) in [("spend", event.cost.unwrap_or_default()), ("sales", event.sales())]
        {
            if amount != Amount::ZERO {
                let currency = event.currency.clone().unwrap();
                *quarter.money.entry((currency, name)).or_default() += amount;
            }
        }
    }
    right.retain(|_, quarter| *quarter != Quarter::default());
    let (first, last) = (right.keys().next().unwrap(), right.keys().last().unwrap());
    let until = *last + chrono::TimeDelta::minutes(15);
    let stamp = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let metrics: Vec<_> = COUNTS.iter().map(|(name, _)| *name).collect();
    let path = format!(
        "/v1/campaigns/{campaign}/metrics?granularity=15m&metrics={},units_sold,spend,sales&from={}&to={}",
        metrics.join(","),
        stamp(*first),
        stamp(until)
    );
    let answer = platform.get(&tenant.owner, &path).await.expect(200).json();
    let mut said = BTreeMap::new();
    for bucket in answer["series"].as_array().unwrap() {
        let start: DateTime<Utc> = bucket["start"].as_str().unwrap().parse().unwrap();
        said.insert(start, quarter(bucket));
    }
    said.retain(|_, quarter| *quarter != Quarter::default());
    assert_eq!(said, right, "{campaign}: {answer}");
}

/// A bucket of an answer. The tenant's own currency may stand at the top alone.
fn quarter(bucket: &Value) -> Quarter {
    let mut quarter = Quarter::default();
    for (name, _) in COUNTS {
        let count = bucket[name].as_u64().unwrap();
        if count > 0 {
            quarter.counts.insert(name, count);
        }
    }
    quarter.units = serde_json::from_value(bucket["units_sold"].clone()).unwrap();
    for currency in ["EUR", "USD", "VND"] {
        for name in ["spend", "sales"] {
            let own = if currency == "EUR" { bucket[name].clone() } else { Value::Null };
            let apart = &bucket["by_currency"][currency][name];
            let amount = if apart.is_null() { own } else { apart.clone() };
            let amount: Amount =
                serde_json::from_value(if amount.is_null() { json!("0") } else { amount }).unwrap();
            if amount != Amount::ZERO {
                quarter.money.insert((currency.to_owned(), name), amount);
            }
        }
    }
    quarter
}
