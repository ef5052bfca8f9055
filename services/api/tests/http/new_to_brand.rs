use serde_json::{Value, json};

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

const METRICS: [&str; 3] = ["new_to_brand_orders", "new_to_brand_sales", "new_to_brand_rate"];

/// Returns an order of items, each of a brand, for ten euros a piece.
fn order(customer: Option<&str>, campaign: &str, time: &str, brands: &[(&str, u32)]) -> Value {
    let item = |(brand, quantity): &(&str, u32)| json!({"product_id": "p", "brand": brand, "quantity": quantity, "price": "10"});
    json!({
        "type": "purchase", "event_time": time, "customer_id": customer, "campaign_id": campaign,
        "currency": "EUR", "items": brands.iter().map(item).collect::<Vec<_>>(),
    })
}

/// Orders of a day, and those of their customers a year before.
fn orders() -> Vec<Value> {
    let alpine: &[_] = &[("Alpine", 1)];
    vec![
        // Exactly 365 days before is within them; a millisecond more is not.
        order(Some("ann"), "winter", "2025-03-02T10:00:00Z", alpine),
        order(Some("bob"), "winter", "2025-03-02T09:59:59.999Z", alpine),
        order(Some("ann"), "spring", "2026-03-02T10:00:00Z", alpine),
        order(Some("bob"), "spring", "2026-03-02T10:00:00Z", alpine),
        order(Some("cid"), "spring", "2026-03-02T10:00:00Z", &[("Alpine", 1), ("Lumen", 3)]),
        order(Some("cid"), "winter", "2026-03-02T11:00:00Z", &[("Alpine", 2), ("Lumen", 1)]),
        order(None, "spring", "2026-03-02T10:00:00Z", alpine),
        order(Some("dan"), "spring", "2026-03-02T10:00:00Z", &[("", 1)]),
        // After the day, so that it changes nothing.
        order(Some("eve"), "spring", "2026-03-03T10:00:00Z", alpine),
    ]
}

fn body(change: Value) -> Value {
    let mut body = json!({"metrics": METRICS, "time": {"from": "2026-03-02", "to": "2026-03-03"}});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn ask(stand: &Stand, change: Value) -> Answer {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body(change)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

fn values(orders: u64, sales: &str, rate: Value) -> Value {
    json!({"new_to_brand_orders": orders, "new_to_brand_sales": sales, "new_to_brand_rate": rate})
}

#[actix_web::test]
async fn an_order_is_new_to_a_brand_of_which_its_customer_ordered_nothing_for_a_year() {
    let stand = Stand::new().await;
    insert(&stand, orders()).await;
    let answer = ask(&stand, json!({"dimensions": ["brand"], "order": [["brand", "asc"]]})).await;
    let rows = answer.body["rows"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| (row["brand"].clone(), row["values"].clone())).collect();
    // Of Alpine those of bob and cid, of five; of Lumen the first of two.
    let alpine = (json!("Alpine"), values(2, "20.00", json!(0.4)));
    assert_eq!(rows, [alpine, (json!("Lumen"), values(1, "30.00", json!(0.5)))]);
    // An order of two brands is one order.
    assert_eq!(answer.body["totals"]["values"], values(2, "50.00", json!(2.0 / 6.0)));
}

#[actix_web::test]
async fn earlier_orders_of_other_campaigns_count() {
    let stand = Stand::new().await;
    insert(&stand, orders()).await;
    let by = json!({"dimensions": ["campaign"], "order": [["campaign", "asc"]]});
    let answer = ask(&stand, by).await;
    let rows = answer.body["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "the only order of winter is of brands that cid knows: {rows:?}");
    assert_eq!(rows[0]["values"], values(2, "50.00", json!(0.4)));

    let path = "/v1/campaigns/spring/metrics?metrics=new_to_brand_orders,new_to_brand_sales,\
                new_to_brand_rate&granularity=day&from=2026-03-02&to=2026-03-03";
    let series = stand.get(path, &stand.key("acme", "read")).await.body;
    assert_eq!(series["totals"], values(2, "50.00", json!(0.4)), "{series}");

    let window = json!({"type": "tumbling", "size": "1h"});
    let time = json!({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T12:00:00Z"});
    let body = json!({"metrics": METRICS, "time": time, "window": window});
    let key = stand.key("acme", "read");
    let hours = stand.post("/v1/windows", Some(&key), body.clone()).await.body;
    assert_eq!(hours["rows"][0]["values"], values(2, "50.00", json!(0.4)), "{hours}");
    assert_eq!(hours["rows"][1]["values"], values(0, "0.00", json!(0.0)));
    let mut sessions = body;
    sessions["window"] = json!({"type": "session"});
    let refused = stand.post("/v1/windows", Some(&key), sessions).await;
    assert_eq!(refused.body["code"], "incompatible", "{}", refused.body);
}
