//! Which ads have the credit of orders, and how much of it.

mod ads;
mod lines;
mod refusals;
mod touches;

use serde_json::{Value, json};

use crate::stand::Stand;

async fn ask(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/attribution", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Returns a click or a view of an ad; the number decides between equal times.
pub(crate) fn touch(visitor: &str, kind: &str, campaign: &str, time: &str, number: u8) -> Value {
    json!({
        "type": kind, "visitor_id": visitor, "campaign_id": campaign,
        "event_time": format!("2026-03-{time}Z"),
        "event_id": format!("00000000-0000-7000-8000-0000000000{number:02x}"),
    })
}

fn order(visitor: &str, items: Value) -> Value {
    json!({
        "type": "purchase", "visitor_id": visitor, "event_time": "2026-03-20T12:00:00Z",
        "order_id": format!("o-{visitor}"), "currency": "EUR", "items": items,
    })
}

fn day() -> Value {
    json!({"from": "2026-03-20", "to": "2026-03-21", "tz": "UTC"})
}

/// Returns a value of each campaign, in the answer of a rule.
fn by_campaign(answer: &Value, rule: usize, value: &str) -> Value {
    let rows = answer["rules"][rule]["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row[value] != json!(0.0) && row[value] != json!("0.00"));
    rows.map(|row| (row["campaign"].as_str().unwrap().to_owned(), row[value].clone())).collect()
}

/// An order of three products, and four touches of ads for single products.
fn basket() -> Vec<Value> {
    let item = |product: &str, brand: &str, category: &str, price: &str| {
        json!({
            "product_id": product, "brand": brand, "category": category, "price": price, "quantity": 1,
        })
    };
    let p1 = || item("p1", "B1", "K1", "10.01");
    let p2 = || item("p2", "B1", "K2", "20.00");
    let p3 = || item("p3", "B2", "K1", "30.00");
    let ad = |kind: &str, campaign: &str, time: &str, number: u8, product: Value| {
        let mut touch = touch("v", kind, campaign, time, number);
        touch["items"] = json!([product]);
        touch
    };
    vec![
        ad("ad_click", "X", "18T12:00:00", 1, p1()),
        ad("ad_click", "Y", "19T12:00:00", 2, p3()),
        ad("ad_click", "Z", "19T18:00:00", 3, p1()),
        ad("ad_impression", "W", "20T10:00:00", 4, p2()),
        order("v", json!([p1(), p2(), p3()])),
    ]
}
