use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

/// Returns an event of the 2nd of March 2026.
fn event(event_type: &str, visitor: &str, time: &str) -> Value {
    json!({
        "type": event_type, "event_time": format!("2026-03-02T{time}Z"), "visitor_id": visitor,
        "campaign_id": "spring",
    })
}

/// Returns the impressions and clicks of some quarter hours.
fn ads() -> Vec<Value> {
    let quarters = [
        ("09:00", 100, 1),
        ("09:15", 100, 2),
        ("09:45", 200, 0),
        ("10:00", 50, 5),
        ("11:00", 0, 1),
    ];
    let of = |(time, impressions, clicks): (&str, usize, usize)| {
        let time = format!("{time}:00");
        let shown = vec![event("ad_impression", "ann", &time); impressions];
        shown.into_iter().chain(vec![event("ad_click", "ann", &time); clicks])
    };
    quarters.into_iter().flat_map(of).collect()
}

async fn ask(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/windows", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn hours(from: &str, to: &str) -> Value {
    json!({"from": format!("2026-03-02T{from}:00Z"), "to": format!("2026-03-02T{to}:00Z"), "tz": "UTC"})
}

/// Returns the end of each window, and a metric.
fn rows(answer: &Value, metric: &str) -> Vec<(String, Value)> {
    let end = |row: &Value| {
        row["to"].as_str().unwrap().chars().skip("2026-03-02T".len()).take(5).collect::<String>()
    };
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (end(row), row["values"][metric].clone())).collect()
}

fn expected<const N: usize>(rows: [(&str, Value); N]) -> Vec<(String, Value)> {
    rows.into_iter().map(|(end, value)| (end.to_owned(), value)).collect()
}

#[actix_web::test]
async fn sliding_and_tumbling_windows_have_the_numbers_of_their_time() {
    let stand = Stand::new().await;
    insert(&stand, ads()).await;
    let sliding = json!({
        "metrics": ["impressions", "clicks", "ctr"], "time": hours("10:00", "12:00"),
        "window": {"type": "sliding", "size": "1h", "every": "15m"},
    });
    let answer = ask(&stand, sliding).await;
    let ctr = [
        ("10:15", json!(0.02)),
        ("10:30", json!(0.02)),
        ("10:45", json!(0.02)),
        ("11:00", json!(0.1)),
        ("11:15", Value::Null),
        ("11:30", Value::Null),
        ("11:45", Value::Null),
        ("12:00", Value::Null),
    ];
    assert_eq!(rows(&answer, "ctr"), expected(ctr));
    let first = json!({
        "from": "2026-03-02T09:15:00Z", "to": "2026-03-02T10:15:00Z",
        "values": {"impressions": 350, "clicks": 7, "ctr": 0.02},
    });
    assert_eq!(answer["rows"][0], first);
    let window = json!({"type": "sliding", "size_seconds": 3600, "every_seconds": 900});
    assert_eq!((&answer["window"], &answer["windows"]), (&window, &json!(8)));
    let tumbling = json!({
        "metrics": ["ctr"], "time": hours("09:00", "11:30"),
        "window": {"type": "tumbling", "size": "30m"},
    });
    let ctr = [
        ("09:30", json!(0.015)),
        ("10:00", json!(0.0)),
        ("10:30", json!(0.1)),
        ("11:00", Value::Null),
        ("11:30", Value::Null),
    ];
    assert_eq!(rows(&ask(&stand, tumbling).await, "ctr"), expected(ctr));
}

#[actix_web::test]
async fn a_visitor_is_counted_once_in_each_window() {
    let stand = Stand::new().await;
    let mut events = vec![
        event("page_view", "ann", "10:05:00"),
        event("page_view", "ann", "10:20:00"),
        event("page_view", "bob", "10:20:00"),
        event("page_view", "cid", "10:40:00"),
        event("page_view", "", "10:40:00"),
    ];
    events[4]["visitor_id"] = Value::Null;
    events[3]["campaign_id"] = json!("winter");
    insert(&stand, events).await;
    let mut body = json!({
        "metrics": ["visitors", "page_views"], "time": hours("10:00", "11:00"),
        "window": {"type": "sliding", "size": "30m", "every": "15m"},
    });
    let answer = ask(&stand, body.clone()).await;
    let visitors =
        [("10:15", json!(1)), ("10:30", json!(2)), ("10:45", json!(3)), ("11:00", json!(1))];
    assert_eq!(rows(&answer, "visitors"), expected(visitors));
    assert_eq!(answer["rows"][2]["values"]["page_views"], 4);
    body["dimensions"] = json!(["campaign"]);
    body["limit"] = json!(1);
    let answer = ask(&stand, body).await;
    let visitors =
        [("10:15", json!(1)), ("10:30", json!(2)), ("10:45", json!(2)), ("11:00", json!(0))];
    assert_eq!(rows(&answer, "visitors"), expected(visitors), "of the first campaign");
    assert_eq!(
        (&answer["segments"], &answer["rows"][0]["campaign"]),
        (&json!(2), &json!("spring"))
    );
}

#[actix_web::test]
async fn a_session_is_a_window() {
    let stand = Stand::new().await;
    let lines = [
        ("s1", "02T10:00:00"),
        ("s1", "02T10:30:00"),
        ("s1", "02T11:00:00.001"),
        ("s1", "02T11:20:00"),
        ("s2", "02T22:50:00"),
        ("s2", "02T23:10:00"),
        ("s3", "02T12:00:00"),
        ("s4", "29T00:50:00"),
        ("s4", "29T01:10:00"),
    ];
    let at = |(visitor, time): (&str, &str)| {
        json!({
            "type": "page_view", "visitor_id": visitor, "event_time": format!("2026-03-{time}Z"),
        })
    };
    insert(&stand, lines.map(at)).await;
    let mut order = event("purchase", "s3", "12:10:00");
    order["items"] = json!([
        {"product_id": "p", "quantity": 2, "price": "5.00"},
        {"product_id": "q", "quantity": 1, "price": "1.50"},
    ]);
    order["currency"] = json!("EUR");
    insert(&stand, [order]).await;
    let body = json!({
        "metrics": ["events", "orders", "units_sold", "sales"],
        "time": {"from": "2026-03-01", "to": "2026-04-01", "tz": "Europe/Berlin"},
        "window": {"type": "session"}, "limit": 3,
    });
    let answer = ask(&stand, body.clone()).await;
    let row = |key: &str, from: &str, last: &str, values: Value| {
        let at = |time: &str| format!("2026-03-02T{time}Z");
        json!({"key": key, "from": at(from), "last": at(last), "values": values})
    };
    let views = json!({"events": 2, "orders": 0, "units_sold": 0, "sales": "0.00"});
    let bought = json!({"events": 2, "orders": 1, "units_sold": 3, "sales": "11.50"});
    assert_eq!(
        answer["rows"],
        json!([
            row("s1", "10:00:00", "10:30:00", views.clone()),
            row("s1", "11:00:00.001", "11:20:00", views),
            row("s3", "12:00:00", "12:10:00", bought),
        ])
    );
    assert_eq!((&answer["windows"], &answer["segments"]), (&json!(5), &json!(4)));
    let totals = json!({"events": 10, "orders": 1, "units_sold": 3, "sales": "11.50"});
    assert_eq!((&answer["totals"], &answer["without_key"]), (&totals, &json!(0)));
    insert(&stand, [event("page_view", "s1", "10:45:00")]).await;
    let answer = ask(&stand, body).await;
    assert_eq!(answer["windows"], 4, "a late event joins two");
    assert_eq!(answer["rows"][0]["values"]["events"], 5);
}

#[actix_web::test]
async fn an_advertiser_sees_the_windows_of_its_own_campaigns_only() {
    let stand = Stand::new().await;
    let mut events = vec![
        event("ad_click", "ann", "10:00:00"),
        event("ad_click", "bob", "10:00:00"),
        event("purchase", "ann", "10:10:00"),
    ];
    events[1]["campaign_id"] = json!("winter");
    events[2]["campaign_id"] = Value::Null;
    insert(&stand, events).await;
    let token = stand.token("acme", "advertiser").await;
    for (window, total) in [
        (json!({"type": "tumbling", "size": "1h"}), "/rows/0/values"),
        (json!({"type": "sliding", "size": "1h", "every": "1h"}), "/rows/0/values"),
        (json!({"type": "session"}), "/totals"),
    ] {
        let body = json!({
            "metrics": ["events"], "time": hours("10:00", "11:00"), "window": window,
        });
        let own = stand.post("/v1/windows", Some(&token), body.clone()).await.body;
        assert_eq!(own.pointer(total).unwrap(), &json!({"events": 1}), "{window}");
        let all = ask(&stand, body).await;
        assert_eq!(all.pointer(total).unwrap(), &json!({"events": 3}), "{window}");
    }
}

#[actix_web::test]
async fn impossible_windows_are_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let year = json!({"from": "2026-01-01", "to": "2027-01-01"});
    let hourly = json!({"type": "sliding", "size": "24h", "every": "1h"});
    for (more, pointer, right) in [
        (json!({"window": {"type": "tumbling"}}), "/window/size", "required"),
        (json!({"window": {"type": "tumbling", "size": "7m"}}), "/window/size", "30m"),
        (json!({"window": {"type": "tumbling", "size": "1h", "gap": "5m"}}), "/window/gap", "size"),
        (json!({"window": {"type": "sliding", "size": "1h"}}), "/window/every", "required"),
        (
            json!({"window": {"type": "sliding", "size": "50m", "every": "15m"}}),
            "/window/size",
            "366 times",
        ),
        (
            json!({"window": {"type": "sliding", "size": "1h", "every": "1m"}}),
            "/window/every",
            "quarter hours",
        ),
        (json!({"window": hourly, "time": year}), "/window/every", "more than 2976"),
        (
            json!({"window": {"type": "tumbling", "size": "15m"}, "time": year}),
            "/window/size",
            "more than 2976",
        ),
        (json!({"window": {"type": "session", "gap": "9h"}}), "/window/gap", "8 hours"),
        (json!({"window": {"type": "session", "by": "session"}}), "/window/by", "`customer`"),
        (json!({"window": {"type": "session"}, "dimensions": ["device"]}), "/dimensions", "one"),
        (json!({"window": {"type": "session"}, "metrics": ["visitors"]}), "/metrics/0", "tumbling"),
        (
            json!({"window": {"type": "session"}, "filters": {"metric": "clicks", "gt": 1}}),
            "/filters",
            "only dimensions",
        ),
        (json!({"time": {"granularity": "day"}}), "/time/granularity", "`window`"),
        (json!({"metrics": ["clics"]}), "/metrics/0", "`clicks`"),
        (
            json!({
                "dimensions": ["product"], "limit": 1000, "window": {"type": "tumbling", "size": "15m"},
                "time": {"from": "2026-03-01", "to": "2026-03-03"},
            }),
            "/limit",
            "larger windows",
        ),
    ] {
        let mut body = json!({
            "metrics": ["events"], "window": {"type": "tumbling", "size": "1h"},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = stand.post("/v1/windows", Some(&key), body).await;
        assert_eq!(answer.status, 422, "{more}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{more}: {}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{more}: {error}");
    }
}
