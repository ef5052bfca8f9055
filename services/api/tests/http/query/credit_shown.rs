//! Credit on pages, for those who may see some campaigns, and beside the largest segments.

use serde_json::{Value, json};

use super::{
    credit::{METRICS, events, post, time},
    insert, query,
};
use crate::{attribution::touch, stand::Stand};

fn asked(change: Value) -> Value {
    let mut body = json!({
        "metrics": ["attributed_sales", "attributed_orders"], "time": time("total"),
        "attribution": {"rule": {"model": "linear", "match": "any"}},
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn rows(answer: &Value) -> &[Value] {
    answer["rows"].as_array().unwrap()
}

fn millionths(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (text.parse::<f64>().unwrap() * 1_000_000.0).round() as i64
}

#[actix_web::test]
async fn pages_with_an_attribution_have_every_segment_and_go_on_in_the_order_of_now() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let page = async |limit: u8, cursor: &Value| {
        let by = json!(["placement", "campaign"]);
        query(&stand, asked(json!({"dimensions": by, "limit": limit, "cursor": cursor}))).await
    };
    let whole = page(100, &Value::Null).await;
    let first = page(2, &Value::Null).await;
    let (mut found, mut next, mut pages) = (rows(&first).to_vec(), first["next"].clone(), 1);
    while !next.is_null() {
        let one = page(2, &next).await;
        assert_eq!((&one["data_version"], &one["totals"]), (&Value::Null, &whole["totals"]));
        found.extend(rows(&one).iter().cloned());
        (next, pages) = (one["next"].clone(), pages + 1);
    }
    assert_eq!(found, rows(&whole));
    assert!(pages > 2, "{pages} pages");

    let mut ad = touch("late", "ad_click", "outlet", "20T10:00:00", 200);
    ad["placement"] = json!("home");
    let order = json!({
        "type": "purchase", "visitor_id": "late", "event_time": "2026-03-20T12:00:00Z",
        "currency": "EUR", "items": [{"product_id": "p", "quantity": 1, "price": "70000"}],
    });
    insert(&stand, [ad, order]).await;
    // Another limit is another answer in memory.
    let second = page(3, &first["next"]).await;
    assert_ne!(second["totals"], first["totals"]);
    assert!(!rows(&second).is_empty(), "{second}");
}

#[actix_web::test]
async fn a_limited_credential_has_the_credit_of_its_own_ads_filtered_and_undivided() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let all = stand.key("acme", "read");
    let advertiser = stand.token("acme", "advertiser").await;
    let spring = json!({"dimension": "campaign", "in": ["spring"]});
    let home = json!({"dimension": "placement", "in": ["home"]});
    let of_spring = json!({"and": [spring, home]});
    for dimensions in [json!([]), json!(["campaign"]), json!(["device"])] {
        for (own, same) in [(&Value::Null, &spring), (&home, &of_spring)] {
            let ask = async |credential: &str, filter: &Value| {
                let change = json!({
                    "metrics": METRICS, "dimensions": dimensions, "filters": filter,
                    "attribution": {"rule": {"match": "any"}},
                });
                post(&stand, "/v1/query", credential, asked(change)).await
            };
            let found = ask(&advertiser, own).await;
            let expected = ask(&all, same).await;
            assert_eq!(found["rows"], expected["rows"], "{dimensions} {own}");
            assert_eq!(found["totals"], expected["totals"], "{dimensions} {own}");
            let of_all = ask(&all, own).await;
            for name in ["attributed_sales", "assisted_sales"] {
                let values = |answer: &Value| millionths(&answer["totals"]["values"][name]);
                assert!(values(&found) > 0, "{dimensions} {own}: {name}");
                assert!(values(&found) < values(&of_all), "{dimensions} {own}: {name}");
            }
        }
    }
}

#[actix_web::test]
async fn the_largest_segment_and_all_others_are_the_whole_in_each_bucket() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let top = json!({"n": 1, "by": "attributed_sales", "others": true});
    let change = json!({"dimensions": ["campaign"], "time": time("day"), "top": top});
    let divided = query(&stand, asked(change)).await;
    let whole = query(&stand, asked(json!({"time": time("day")}))).await;
    let others = divided["others"]["series"].as_array().unwrap();
    let (shown, buckets) = (rows(&divided), rows(&whole));
    assert_eq!([shown.len(), others.len(), buckets.len()], [4; 3], "{divided}");
    for name in ["attributed_sales", "attributed_orders"] {
        let of = |row: &Value| millionths(&row["values"][name]);
        for ((own, other), all) in shown.iter().zip(others).zip(buckets) {
            assert_eq!((&own["start"], &other["start"]), (&all["start"], &all["start"]));
            assert_eq!(of(own) + of(other), of(all), "{name} at {}", all["start"]);
        }
        let sum = |rows: &[Value]| rows.iter().map(of).sum::<i64>();
        assert!(sum(shown) > 0 && sum(others) > 0, "{divided}");
        assert_eq!(sum(others), of(&divided["others"]), "{name}");
        assert_eq!(sum(shown) + sum(others), of(&divided["totals"]), "{name}");
        assert_eq!(of(&divided["totals"]), of(&whole["totals"]), "{name}");
    }
}

#[actix_web::test]
async fn declared_is_the_attribution_of_a_query_that_names_none() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let ask = async |attribution: Value| {
        let body = json!({
            "metrics": ["sales", "clicks"], "dimensions": ["campaign"], "time": time("total"), "limit": 1,
            "attribution": attribution,
        });
        let mut answer = query(&stand, body).await;
        answer.as_object_mut().unwrap().remove("as_of");
        answer
    };
    let plain = ask(Value::Null).await;
    assert_eq!(plain["attribution"], "declared");
    assert!(plain["next"].is_string(), "{plain}");
    assert_eq!(ask(plain["attribution"].clone()).await, plain);
}
