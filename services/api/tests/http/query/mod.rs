mod access;
mod answers;
mod comparisons;
mod credit;
mod credit_shown;
mod refusals;
mod segments;

use events::{CanonicalEvent, Event};
use log::{LogRange, Offset};
use serde_json::{Value, json};
use uuid::Uuid;
use warehouse::{BlockBuilder, Coordinates, InsertBatch};

use crate::stand::Stand;

/// Inserts events of `acme` into ClickHouse.
pub(crate) async fn insert(stand: &Stand, events: impl IntoIterator<Item = Value>) {
    insert_of(stand, "acme", events).await;
}

/// Inserts events of a tenant into ClickHouse.
pub(crate) async fn insert_of(
    stand: &Stand,
    tenant: &str,
    events: impl IntoIterator<Item = Value>,
) {
    let events: Vec<_> = events.into_iter().collect();
    let context = stand.context(tenant).await;
    let generation = Uuid::now_v7().as_u128() as u16;
    let range = LogRange::new(generation, 0, 0, events.len() as u64 - 1);
    let batch = InsertBatch::of(range, &stand.kafka.events_topic, context.destination(), 1);
    let mut block = stand.warehouse.block(range.generation, range.partition);
    for (offset, mut event) in (0..).map(Offset::new).zip(events) {
        if event["event_id"].is_null() {
            event["event_id"] = json!(Uuid::now_v7());
        }
        if event["received_at"].is_null() {
            event["received_at"] = json!("2026-11-01T00:00:00Z");
        }
        let event: Event = serde_json::from_value(event).unwrap();
        let logged_at = event.received_at;
        #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
        let event = context.scope(CanonicalEvent::from(event));
        for line in BlockBuilder::lines(event.value()) {
            block.push(&event.as_ref(), Coordinates { offset, logged_at }, line);
        }
    }
    stand.warehouse.insert(&batch, &block.finish()).await.unwrap();
}

async fn query(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn event(event_type: &str, campaign: &str) -> Value {
    json!({"type": event_type, "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign})
}

fn order(campaign: &str, currency: &str, revenue: &str) -> Value {
    let mut order = event("purchase", campaign);
    order["revenue"] = json!(revenue);
    order["currency"] = json!(currency);
    order
}

fn day() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-03"})
}

/// Returns the values of a dimension and of a metric, row by row.
fn rows(answer: &Value, dimension: &str, metric: &str) -> Vec<(String, Value)> {
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (row[dimension].as_str().unwrap().to_owned(), row["values"][metric].clone()))
        .collect()
}

fn pairs<const N: usize>(expected: [(&str, Value); N]) -> Vec<(String, Value)> {
    expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
