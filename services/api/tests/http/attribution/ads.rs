use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, by_campaign, day, order, touch};
use crate::{query::insert, stand::Stand};

#[actix_web::test]
async fn an_advertiser_sees_its_own_credit_and_others_compete_for_it() {
    let stand = Stand::new().await;
    let events = vec![
        touch("a", "ad_click", "spring", "19T10:00:00", 1),
        touch("a", "ad_click", "winter", "19T11:00:00", 2),
        touch("b", "ad_click", "spring", "19T10:00:00", 3),
        order("a", json!([{"product_id": "p", "quantity": 1, "price": "70"}])),
        order("b", json!([{"product_id": "p", "quantity": 1, "price": "5"}])),
        order("c", json!([{"product_id": "p", "quantity": 1, "price": "9"}])),
    ];
    insert(&stand, events).await;
    let body = json!({"time": day(), "rules": [{"match": "any"}]});
    let token = stand.token("acme", "advertiser").await;
    let own = stand.post("/v1/attribution", Some(&token), body.clone()).await.body;
    assert_eq!(by_campaign(&own, 0, "attributed_sales"), json!({"spring": "5.00"}));
    assert_eq!(own["rules"][0]["totals"]["attributed_sales"], "5.00");
    assert_eq!(
        (&own["rules"][0]["orders_without_credit"], &own["without_key"]),
        (&Value::Null, &Value::Null)
    );
    let all = ask(&stand, body).await;
    assert_eq!(
        by_campaign(&all, 0, "attributed_sales"),
        json!({"spring": "5.00", "winter": "70.00"})
    );
    assert_eq!(all["rules"][0]["orders_without_credit"], 1);
}

#[actix_web::test]
async fn credit_is_divided_by_dimensions_of_the_ads_and_compared_with_what_they_cost() {
    let stand = Stand::new().await;
    let ad = |campaign: &str, placement: &str, number: u8, cost: &str| {
        let mut ad = touch("v", "ad_click", campaign, &format!("20T0{number}:00:00"), number);
        ad["placement"] = json!(placement);
        ad["cost"] = json!(cost);
        ad["currency"] = json!("EUR");
        ad
    };
    let events = [
        ad("spring", "home", 1, "4"),
        ad("winter", "home", 2, "6"),
        ad("spring", "search", 3, "8"),
        // It has no credit, but costs something.
        json!({
            "type": "ad_impression", "visitor_id": "w", "campaign_id": "winter", "cost": "2.5",
            "currency": "EUR", "placement": "category", "event_time": "2026-03-20T08:00:00Z",
        }),
        order("v", json!([{"product_id": "p", "quantity": 1, "price": "60"}])),
    ];
    insert(&stand, events).await;
    let rules = json!([{"match": "any", "model": "linear"}]);
    let body = json!({"time": day(), "rules": rules, "dimensions": ["placement"]});
    let row = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let ratio = |field: &str| row[field].as_f64();
        let amounts = [text("placement"), text("attributed_sales"), text("spend")];
        (amounts, ratio("attributed_roas"), ratio("attributed_acos"))
    };
    let rows = |answer: &Value| -> Vec<_> {
        answer["rules"][0]["rows"].as_array().unwrap().iter().map(row).collect()
    };
    let expected = |placement: &str, sales: &str, spend: &str, roas, acos| {
        ([placement, sales, spend].map(str::to_owned), roas, acos)
    };
    let all = ask(&stand, body.clone()).await;
    assert_eq!(
        rows(&all),
        [
            expected("category", "0.00", "2.50", Some(0.0), None),
            expected("home", "40.00", "10.00", Some(4.0), Some(0.25)),
            expected("search", "20.00", "8.00", Some(2.5), Some(0.4)),
        ]
    );
    assert_eq!(
        row(&all["rules"][0]["totals"]),
        expected("", "60.00", "20.50", Some(60.0 / 20.5), Some(20.5 / 60.0))
    );
    assert_eq!(all["dimensions"], json!(["placement"]));

    // The credit of the other advertiser's ads, and what they cost, are in no number.
    let token = stand.token("acme", "advertiser").await;
    let own = stand.post("/v1/attribution", Some(&token), body.clone()).await.body;
    assert_eq!(
        rows(&own),
        [
            expected("home", "20.00", "4.00", Some(5.0), Some(0.2)),
            expected("search", "20.00", "8.00", Some(2.5), Some(0.4)),
        ]
    );
    let mut file = body;
    file["format"] = json!("ndjson");
    let request = stand.request(Method::POST, "/v1/attribution", Some(&token)).json(&file);
    let file = request.send().await.unwrap().text().await.unwrap();
    assert!(file.contains("search") && !file.contains("category"), "{file}");
    let body = json!({"time": day(), "rules": rules, "dimensions": ["campaign", "event_type"]});
    let both = ask(&stand, body).await;
    let first = &both["rules"][0]["rows"][0];
    assert_eq!((&first["campaign"], &first["event_type"]), (&json!("spring"), &json!("ad_click")));
}
