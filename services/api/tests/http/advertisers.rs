use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    query::insert,
    stand::{Stand, answer},
};

fn click(campaign: &str, visitor: &str) -> Value {
    json!({
        "type": "ad_click", "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign,
        "visitor_id": visitor,
    })
}

/// Returns the clicks and the visitors of each advertiser.
async fn by_advertiser(stand: &Stand, credential: &str, filters: Value) -> Vec<(String, u64, u64)> {
    let body = json!({
        "metrics": ["clicks", "visitors"], "dimensions": ["advertiser"], "filters": filters,
        "time": {"from": "2026-03-02", "to": "2026-03-03"}, "order": [["advertiser", "asc"]],
    });
    let found = stand.post("/v1/query", Some(credential), body).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let rows = found.body["rows"].as_array().unwrap().iter();
    let number = |row: &Value, metric: &str| row["values"][metric].as_u64().unwrap();
    let numbers = rows.map(|row| {
        let advertiser = row["advertiser"].as_str().unwrap().to_owned();
        (advertiser, number(row, "clicks"), number(row, "visitors"))
    });
    numbers.collect()
}

fn rows<const N: usize>(expected: [(&str, u64, u64); N]) -> Vec<(String, u64, u64)> {
    expected.map(|(name, clicks, visitors)| (name.to_owned(), clicks, visitors)).to_vec()
}

#[actix_web::test]
async fn events_are_divided_and_selected_by_the_advertiser_of_their_campaign() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let owner = stand.token("acme", "owner").await;
    let change = json!({"advertiser_id": "nova"});
    let request = stand.request(Method::PATCH, "/v1/campaigns/autumn", Some(&owner));
    assert_eq!(answer(request.json(&change)).await.status, 200);
    // Ann has clicked in both campaigns of Nova.
    let mut clicks = vec![click("spring", "ann"), click("autumn", "ann"), click("winter", "bob")];
    clicks.push(json!({"type": "ad_click", "event_time": "2026-03-02T10:00:00Z"}));
    insert(&stand, clicks).await;
    let all = rows([("", 1, 0), ("nova", 2, 1), ("orbit", 1, 1)]);
    assert_eq!(by_advertiser(&stand, &key, Value::Null).await, all);
    let nova = json!({"dimension": "advertiser", "starts_with": ["no"]});
    assert_eq!(by_advertiser(&stand, &key, nova.clone()).await, rows([("nova", 2, 1)]));
    let others = json!({"not": nova});
    let expected = rows([("", 1, 0), ("orbit", 1, 1)]);
    assert_eq!(by_advertiser(&stand, &key, others).await, expected);
    let theirs = stand.token("acme", "advertiser").await;
    assert_eq!(by_advertiser(&stand, &theirs, Value::Null).await, rows([("nova", 2, 1)]));
}

#[actix_web::test]
async fn only_queries_know_the_advertiser_of_an_event() {
    let stand = Stand::new().await;
    let nova = json!({"dimension": "advertiser", "in": ["nova"]});
    let body = json!({
        "filters": nova, "steps": [{"event": "product_view"}, {"event": "purchase"}],
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    let refused = stand.post("/v1/funnels", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let reason = refused.body["errors"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("name its campaigns"), "{reason}");
}
