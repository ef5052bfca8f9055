mod access;
mod funnels;
mod refusals;
mod retention;
mod sessions;

use serde_json::{Value, json};

use crate::stand::Stand;

const VIEW: &str = "product_view";
const CART: &str = "add_to_cart";
const BUY: &str = "purchase";
const REMOVE: &str = "remove_from_cart";
const PAGE: &str = "page_view";

/// Returns an event of a visitor; without one for an empty name.
fn event(visitor: &str, time: &str, event_type: &str, products: &[&str]) -> Value {
    let items: Vec<_> =
        products.iter().map(|product| json!({"product_id": product, "quantity": 1})).collect();
    let visitor = Some(visitor).filter(|visitor| !visitor.is_empty());
    json!({"type": event_type, "event_time": time, "visitor_id": visitor, "items": items})
}

/// Returns events given as `visitor, day and time, type`.
fn events(lines: &[(&str, &str, &str)]) -> Vec<Value> {
    lines
        .iter()
        .map(|(visitor, time, event_type)| {
            event(visitor, &format!("2026-03-{time}Z"), event_type, &[])
        })
        .collect()
}

fn funnel(steps: &[&str], more: Value) -> Value {
    let steps: Vec<_> = steps.iter().map(|event| json!({"event": event})).collect();
    let mut body = json!({
        "steps": steps, "window": "24h",
        "time": {"from": "2026-03-02", "to": "2026-03-04", "tz": "UTC"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn ask(stand: &Stand, path: &str, body: Value) -> Value {
    let answer = stand.post(path, Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn counts(answer: &Value, of: &str) -> Vec<u64> {
    answer["steps"].as_array().unwrap().iter().map(|step| step[of].as_u64().unwrap()).collect()
}
