use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

async fn ask(stand: &Stand, path: &str, body: Value) -> Value {
    let answer = stand.post(path, Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn day() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-03", "tz": "UTC"})
}

/// An order of 40 euros, a refund of a part of it with a revenue and one of items, and a refund in dollars.
fn orders_and_refunds() -> [Value; 4] {
    let event = |event_type: &str, time: &str, change: Value| {
        let mut event = json!({
            "type": event_type, "event_time": time, "campaign_id": "spring", "visitor_id": "ann",
            "currency": "EUR",
        });
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        event
    };
    let boots = json!({"product_id": "boots", "quantity": 2, "price": "12.50"});
    let laces = json!({"product_id": "laces", "quantity": 3, "price": "5"});
    [
        event("purchase", "2026-03-02T10:00:00Z", json!({"items": [boots, laces]})),
        // What is paid back is the revenue: shipping is not.
        event("refund", "2026-03-02T11:00:00Z", json!({"revenue": "10", "items": [boots]})),
        event("refund", "2026-03-02T12:00:00Z", json!({"items": [boots, laces]})),
        event("refund", "2026-03-02T13:00:00Z", json!({"revenue": "7", "currency": "USD"})),
    ]
}

#[actix_web::test]
async fn net_sales_are_sales_without_what_was_refunded_in_their_currency() {
    let stand = Stand::new().await;
    insert(&stand, orders_and_refunds()).await;
    let metrics = json!(["sales", "refund_amount", "net_sales"]);
    let mut time = day();
    time["granularity"] = json!("hour");
    let body = json!({"metrics": metrics, "time": time, "dimensions": ["campaign"]});
    let answer = ask(&stand, "/v1/query", body).await;
    let totals = json!({
        "sales": "40.00", "refund_amount": "50.00", "net_sales": "-10.00",
        "by_currency": {
            "EUR": {"sales": "40.00", "refund_amount": "50.00", "net_sales": "-10.00"},
            "USD": {"sales": "0.00", "refund_amount": "7.00", "net_sales": "-7.00"},
        },
    });
    assert_eq!(answer["totals"]["values"], totals);
    assert_eq!(answer["columns"][3]["additivity"], "sum");
    let of = |hour: usize| answer["rows"][hour]["values"]["net_sales"].clone();
    assert_eq!([10, 11, 12, 13].map(of), ["40.00", "-10.00", "-40.00", "0.00"].map(Value::from));

    let path = "/v1/campaigns/spring/metrics?metrics=sales,refund_amount,net_sales&granularity=day\
                &from=2026-03-02&to=2026-03-03&tz=UTC";
    let series = stand.get(path, &stand.key("acme", "read")).await.body;
    assert_eq!(series["totals"], totals, "the series of the campaign agrees");

    let window = json!({"type": "session", "gap": "2h"});
    let body = json!({"metrics": ["net_sales", "units_refunded"], "time": day(), "window": window});
    let sessions = ask(&stand, "/v1/windows", body).await;
    assert_eq!(sessions["totals"]["net_sales"], "-10.00", "{sessions}");
    assert_eq!(sessions["totals"]["units_refunded"], 7);
    let window = json!({"type": "tumbling", "size": "12h"});
    let body = json!({"metrics": ["net_sales"], "time": day(), "window": window});
    let halves = ask(&stand, "/v1/windows", body).await;
    let half = |index: usize| halves["rows"][index]["values"]["net_sales"].clone();
    assert_eq!([half(0), half(1)], [json!("30.00"), json!("-40.00")]);
}

#[actix_web::test]
async fn a_refund_of_products_is_what_its_items_cost() {
    let stand = Stand::new().await;
    insert(&stand, orders_and_refunds()).await;
    let body = json!({
        "metrics": ["refund_amount", "net_sales"], "dimensions": ["product"], "time": day(),
        "filters": {"metric": "refund_amount", "gt": 0}, "order": [["net_sales", "asc"]],
    });
    let answer = ask(&stand, "/v1/query", body).await;
    let rows = answer["rows"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| {
            let values = &row["values"];
            [&row["product"], &values["refund_amount"], &values["net_sales"]].map(Value::clone)
        })
        .collect();
    let expected = [["boots", "50.00", "-25.00"], ["laces", "15.00", "0.00"]];
    assert_eq!(rows, expected.map(|row| row.map(Value::from)));
}

/// Ads of two campaigns for 5 and 2.5 euros, and sales of 50 euros, of which 10 are of a campaign.
fn ads_and_sales() -> [Value; 6] {
    let event = |event_type: &str, campaign: Option<&str>, time: &str, change: Value| {
        let mut event = json!({
            "type": event_type, "event_time": time, "campaign_id": campaign, "currency": "EUR",
        });
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        event
    };
    let click = |campaign, cost: &str| {
        event("ad_click", Some(campaign), "2026-03-02T10:00:00Z", json!({"cost": cost}))
    };
    let order = |campaign, time, change| event("purchase", campaign, time, change);
    [
        click("spring", "5"),
        click("winter", "2.5"),
        order(Some("spring"), "2026-03-02T10:00:00Z", json!({"revenue": "10"})),
        order(None, "2026-03-02T10:30:00Z", json!({"revenue": "30"})),
        order(None, "2026-03-02T11:00:00Z", json!({"revenue": "10"})),
        order(None, "2026-03-02T10:00:00Z", json!({"revenue": "9", "currency": "USD"})),
    ]
}

#[actix_web::test]
async fn tacos_is_what_ads_cost_of_all_that_the_shop_sold_in_the_same_time() {
    let stand = Stand::new().await;
    insert(&stand, ads_and_sales()).await;
    let body = |change: Value| {
        let mut body = json!({"metrics": ["tacos", "acos"], "time": day()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let by = body(json!({"dimensions": ["campaign"], "order": [["campaign", "asc"]]}));
    let answer = ask(&stand, "/v1/query", by).await;
    let rows = answer["rows"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .filter(|row| row["campaign"] != "")
        .map(|row| [&row["values"]["tacos"], &row["values"]["acos"]].map(Value::clone))
        .collect();
    assert_eq!(rows, [[json!(0.1), json!(0.5)], [json!(0.05), Value::Null]]);
    let totals = &answer["totals"]["values"];
    assert_eq!(totals["by_currency"]["EUR"], json!({"tacos": 0.15, "acos": 0.15}));
    assert_eq!(totals["by_currency"]["USD"], json!({"tacos": 0.0, "acos": 0.0}));

    // A filter chooses the ads, and leaves what the shop sold.
    let spring = json!({"dimension": "campaign", "in": ["spring"]});
    let mut time = day();
    time["granularity"] = json!("hour");
    let filtered = body(json!({"filters": spring, "time": time}));
    let answer = ask(&stand, "/v1/query", filtered).await;
    assert_eq!(answer["totals"]["values"], json!({"tacos": 0.1, "acos": 0.5}));
    let of = |hour: usize| answer["rows"][hour]["values"]["tacos"].clone();
    assert_eq!([9, 10, 11].map(of), [Value::Null, json!(0.125), json!(0.0)]);

    let path = "/v1/campaigns/spring/metrics?metrics=tacos&granularity=hour\
                &from=2026-03-02T10:00:00Z&to=2026-03-02T12:00:00Z";
    let series = stand.get(path, &stand.key("acme", "read")).await.body;
    assert_eq!(series["totals"], json!({"tacos": 0.1}), "{series}");
    let hours = series["series"].as_array().unwrap().iter().map(|hour| hour["tacos"].clone());
    assert_eq!(hours.collect::<Vec<_>>(), [json!(0.125), json!(0.0)]);

    let window = json!({"type": "tumbling", "size": "1h"});
    let time = json!({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T12:00:00Z"});
    let windows = json!({"metrics": ["tacos"], "time": time, "window": window, "filters": spring});
    let answer = ask(&stand, "/v1/windows", windows).await;
    let of = |index: usize| answer["rows"][index]["values"]["tacos"].clone();
    assert_eq!([0, 1].map(of), [json!(0.125), json!(0.0)]);
}

#[actix_web::test]
async fn a_comparison_has_the_tacos_of_each_period_and_others_theirs() {
    let stand = Stand::new().await;
    let mut events = ads_and_sales().to_vec();
    for event in ads_and_sales() {
        let mut earlier = event;
        earlier["event_time"] = json!("2026-03-01T10:00:00Z");
        if earlier["type"] == "ad_click" {
            continue;
        }
        events.push(earlier);
    }
    insert(&stand, events).await;
    let body = json!({
        "metrics": ["tacos"], "dimensions": ["campaign"], "time": day(),
        "compare": {"to": "previous_period"}, "top": {"n": 1, "by": "tacos", "others": true},
    });
    let answer = ask(&stand, "/v1/query", body).await;
    let row = &answer["rows"][0];
    assert_eq!(row["campaign"], "spring");
    let [now, before] = ["values", "previous"].map(|side| row[side]["tacos"].clone());
    assert_eq!([now, before], [json!(0.1), json!(0.0)], "{answer}");
    assert_eq!(answer["others"]["values"]["tacos"], 0.05);
    assert_eq!(answer["totals"]["values"]["tacos"], 0.15);
}

#[actix_web::test]
async fn what_depends_on_others_is_refused_to_who_may_see_only_some_campaigns() {
    let stand = Stand::new().await;
    insert(&stand, ads_and_sales()).await;
    let token = stand.token("acme", "advertiser").await;
    for name in ["tacos", "new_to_brand_orders", "new_to_brand_sales", "new_to_brand_rate"] {
        let mut requests = vec![
            ("/v1/query", json!({"metrics": [name], "time": day()})),
            (
                "/v1/query",
                json!({"metrics": ["spend"], "order": [[name, "desc"]], "dimensions": ["campaign"]}),
            ),
            (
                "/v1/query",
                json!({"metrics": ["spend"], "dimensions": ["campaign"],
                "filters": {"metric": name, "gt": 0}}),
            ),
        ];
        let window = json!({"type": "tumbling", "size": "1h"});
        requests.push(("/v1/windows", json!({"metrics": [name], "time": day(), "window": window})));
        for (path, body) in requests {
            let refused = stand.post(path, Some(&token), body.clone()).await;
            assert_eq!(refused.status, 403, "{path} {body}");
            assert_eq!(refused.body["code"], "permission_denied", "{body}");
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("`{name}`")), "{detail}");
        }
        let path = format!("/v1/campaigns/spring/metrics?metrics=spend,{name}");
        assert_eq!(stand.get(&path, &token).await.status, 403, "{path}");
    }
    let body = json!({"metrics": ["tacos"], "dimensions": ["brand"], "time": day()});
    let refused = stand.post("/v1/query", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(refused.body["code"], "incompatible", "{}", refused.body);
}

/// The worked example W2 of sessions with a pause of 30 minutes: of four visitors on two days.
fn visits() -> Vec<Value> {
    let at = |visitor: &str, campaign: &str, times: &[&str]| -> Vec<Value> {
        let event = |time: &&str| {
            json!({
                "type": "page_view", "event_time": format!("2026-03-{time}Z"), "visitor_id": visitor,
                "campaign_id": campaign,
            })
        };
        times.iter().map(event).collect()
    };
    [
        at("s1", "spring", &["02T10:00:00", "02T10:30:00.000", "02T11:00:00.001", "02T11:20:00"]),
        at("s2", "spring", &["02T22:50:00"]),
        at("s2", "winter", &["02T23:10:00"]),
        at("s3", "winter", &["02T12:00:00"]),
        at("s4", "winter", &["29T00:50:00", "29T01:10:00"]),
    ]
    .concat()
}

#[actix_web::test]
async fn sessions_of_a_query_are_those_of_the_sessions_report() {
    let stand = Stand::new().await;
    insert(&stand, visits()).await;
    let time = json!({"from": "2026-03-01", "to": "2026-03-31", "tz": "Europe/Berlin", "granularity": "day"});
    let body = json!({"metrics": ["sessions", "visitors"], "time": time});
    let answer = ask(&stand, "/v1/query", body).await;
    assert_eq!(answer["totals"]["values"], json!({"sessions": 5, "visitors": 4}));
    let path = "/v1/sessions?granularity=day&from=2026-03-01&to=2026-03-31&tz=Europe/Berlin";
    let report = stand.get(path, &stand.key("acme", "read")).await.body;
    assert_eq!(report["totals"]["sessions"], 5);
    let own = answer["rows"].as_array().unwrap().iter().map(|row| &row["values"]["sessions"]);
    let days = report["series"].as_array().unwrap().iter().map(|day| &day["sessions"]);
    assert!(own.eq(days), "{answer}");

    // A session that goes on from one campaign to another is one of each, and one of all.
    let body = json!({
        "metrics": ["sessions"], "dimensions": ["campaign"], "time": time,
        "top": {"n": 1, "by": "sessions", "others": true},
    });
    let answer = ask(&stand, "/v1/query", body).await;
    assert_eq!(answer["rows"][0]["campaign"], "spring", "of two with 3, the first");
    assert_eq!(answer["others"]["values"]["sessions"], 3);
    assert_eq!(answer["totals"]["values"]["sessions"], 5);

    let own = stand.token("acme", "advertiser").await;
    let body = json!({"metrics": ["sessions"], "time": time});
    let limited = stand.post("/v1/query", Some(&own), body).await.body;
    assert_eq!(limited["totals"]["values"]["sessions"], 3, "of the events of its campaigns");
}

#[actix_web::test]
async fn a_session_belongs_to_the_bucket_and_the_windows_in_which_it_begins() {
    let stand = Stand::new().await;
    insert(&stand, visits()).await;
    let time = json!({"from": "2026-03-02T10:15:00Z", "to": "2026-03-02T12:15:00Z"});
    let body = json!({"metrics": ["sessions"], "time": time});
    let answer = ask(&stand, "/v1/query", body).await;
    assert_eq!(answer["totals"]["values"]["sessions"], 2, "one had begun before the range");

    let window = json!({"type": "sliding", "size": "1h", "every": "30m"});
    let time = json!({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T12:30:00Z", "tz": "UTC"});
    let body = json!({"metrics": ["sessions", "visitors"], "time": time, "window": window});
    let answer = ask(&stand, "/v1/windows", body).await;
    let rows = answer["rows"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| &row["values"]["sessions"]).collect();
    // Those that end at 10:30, 11:00, 11:30, 12:00 and 12:30.
    assert_eq!(rows, [1, 1, 1, 1, 1]);
    let window = json!({"type": "session"});
    let body = json!({"metrics": ["sessions"], "time": time, "window": window});
    let refused = stand.post("/v1/windows", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(refused.body["code"], "incompatible", "{}", refused.body);
}
