mod access;
mod keeping;
mod members;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::stand::{Answer, Stand};

const LIST: &str = "/v1/cohorts";

/// Returns an event of the 2nd of March 2026; of no visitor for an empty name.
fn event(visitor: &str, time: &str, event_type: &str) -> Value {
    let visitor = Some(visitor).filter(|visitor| !visitor.is_empty());
    json!({"type": event_type, "event_time": format!("2026-03-02T{time}:00Z"), "visitor_id": visitor})
}

/// Ann buys twice and bob once; cid only looks, and an event has no visitor.
fn shop() -> Vec<Value> {
    let mut bought = event("ann", "10:10", "purchase");
    bought["customer_id"] = json!("customer of ann");
    bought["items"] = json!([
        {"product_id": "boots", "brand": "Alpine", "quantity": 1},
        {"product_id": "laces", "brand": "Alpine", "quantity": 2},
    ]);
    vec![
        event("ann", "10:00", "product_view"),
        bought,
        event("ann", "22:30", "purchase"),
        event("bob", "10:00", "product_view"),
        event("bob", "10:20", "purchase"),
        event("cid", "10:00", "product_view"),
        event("", "10:00", "product_view"),
    ]
}

/// Returns a cohort of who bought on that day.
fn buyers(more: Value) -> Value {
    let mut definition = json!({
        "events": ["purchase"], "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"name": Uuid::now_v7(), "definition": definition})
}

async fn keep(stand: &Stand, credential: &str, order: Value) -> String {
    let kept = stand.post(LIST, Some(credential), order).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    kept.body["id"].as_str().unwrap().to_owned()
}

fn day() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-03", "tz": "UTC"})
}

async fn ask(stand: &Stand, path: &str, body: Value) -> Value {
    let answer = stand.post(path, Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Returns the number of events for which a filter holds.
async fn events(stand: &Stand, filters: Value) -> u64 {
    let query = json!({"metrics": ["events"], "time": day(), "filters": filters});
    let answer = ask(stand, "/v1/query", query).await;
    answer["totals"]["values"]["events"].as_u64().unwrap()
}

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}
