use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

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

#[actix_web::test]
async fn a_funnel_counts_the_deepest_attempt_of_each_visitor() {
    let stand = Stand::new().await;
    let lines = [
        ("a", "02T10:00:00", VIEW),
        ("a", "02T10:05:00", CART),
        ("a", "02T10:30:00", BUY),
        ("b", "02T12:00:00", VIEW),
        ("b", "02T12:10:00", CART),
        ("b", "03T12:00:00", BUY),
        ("c", "02T12:00:00", VIEW),
        ("c", "02T12:10:00", CART),
        ("c", "03T12:00:00.001", BUY),
        ("d", "02T09:00:00", CART),
        ("d", "02T09:30:00", VIEW),
        ("d", "02T09:45:00", BUY),
        ("e", "02T08:00:00", VIEW),
        ("e", "02T08:10:00", CART),
        ("e", "03T07:00:00", VIEW),
        ("e", "03T09:00:00", CART),
        ("e", "03T09:30:00", BUY),
        ("f", "01T23:59:59.999", VIEW),
        ("f", "02T00:10:00", CART),
        ("f", "02T00:20:00", BUY),
        ("g", "03T23:50:00", VIEW),
        ("g", "04T00:05:00", CART),
        ("g", "04T01:00:00", BUY),
        ("h", "02T15:00:00", CART),
        ("h", "02T15:00:00", VIEW),
        ("h", "02T15:05:00", BUY),
        ("i", "02T18:00:00", VIEW),
        ("k", "04T00:00:00", VIEW),
        ("k", "04T00:01:00", CART),
        ("l", "02T00:00:00", VIEW),
        ("l", "02T01:00:00", CART),
        ("l", "02T23:00:00", VIEW),
        ("l", "03T00:30:00", BUY),
        ("", "02T20:00:00", VIEW),
        ("", "02T20:05:00", CART),
    ];
    insert(&stand, events(&lines)).await;
    let answer = ask(&stand, "/v1/funnels", funnel(&[VIEW, CART, BUY], json!({}))).await;
    assert_eq!(counts(&answer, "count"), [9, 7, 5]);
    assert_eq!(counts(&answer, "keys"), [9, 7, 5]);
    let rate = |index: usize| answer["steps"][index]["rate"].clone();
    assert_eq!([rate(0), rate(1), rate(2)], [Value::Null, json!(7.0 / 9.0), json!(5.0 / 7.0)]);
    assert_eq!(answer["total_rate"], json!(5.0 / 9.0));
    assert_eq!(answer["seconds"]["median"], 4_200.0);
    assert_eq!(answer["seconds"]["mean"], 20_340.0);
    assert_eq!((&answer["without_key"], &answer["open"]), (&json!(2), &json!(0)));
}

#[actix_web::test]
async fn events_between_steps_may_be_excluded_or_forbidden() {
    let stand = Stand::new().await;
    let lines = [
        ("m", "02T10:00:00", VIEW),
        ("m", "02T10:10:00", CART),
        ("m", "02T10:20:00", BUY),
        ("n", "02T10:00:00", VIEW),
        ("n", "02T10:05:00", PAGE),
        ("n", "02T10:10:00", CART),
        ("n", "02T10:20:00", BUY),
        ("o", "02T10:00:00", VIEW),
        ("o", "02T10:10:00", CART),
        ("o", "02T10:15:00", REMOVE),
        ("o", "02T10:20:00", BUY),
        ("p", "02T10:00:00", VIEW),
        ("p", "02T10:10:00", CART),
        ("p", "02T10:15:00", REMOVE),
        ("p", "02T10:16:00", CART),
        ("p", "02T10:20:00", BUY),
        ("q", "02T10:00:00", VIEW),
        ("q", "02T10:10:00", CART),
        ("q", "02T10:20:00", BUY),
        ("q", "02T10:25:00", REMOVE),
        ("r", "02T10:00:00", VIEW),
        ("r", "02T10:10:00", CART),
        ("r", "02T10:20:00", REMOVE),
        ("r", "02T10:20:00", BUY),
        ("s", "02T10:00:00", VIEW),
        ("s", "02T10:05:00", VIEW),
        ("s", "02T10:10:00", CART),
        ("s", "02T10:15:00", BUY),
    ];
    insert(&stand, events(&lines)).await;
    let steps = [VIEW, CART, BUY];
    let removal = json!([{"event": REMOVE, "between": [2, 3]}]);
    for (more, expected, excluded) in [
        (json!({}), [7, 7, 7], 0),
        (json!({"exclude": removal}), [7, 7, 6], 1),
        (json!({"order": "strict"}), [7, 6, 4], 0),
        (json!({"step_window": "8m"}), [7, 1, 1], 0),
    ] {
        let mut body = funnel(&steps, json!({"window": "1h"}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = ask(&stand, "/v1/funnels", body).await;
        assert_eq!(counts(&answer, "count"), expected, "{more}");
        assert_eq!(answer["excluded"], excluded, "{more}");
    }
    let all = ask(&stand, "/v1/funnels", funnel(&steps, json!({"window": "1h"}))).await;
    assert_eq!(all["seconds"]["median"], 1_200.0);
    assert_eq!(all["seconds"]["mean"], 8_100.0 / 7.0);
}

#[actix_web::test]
async fn a_product_can_be_held_and_a_step_repeated() {
    let stand = Stand::new().await;
    let at = |visitor: &str, time: &str, event_type: &str, products: &[&str]| {
        event(visitor, &format!("2026-{time}Z"), event_type, products)
    };
    let events = [
        at("t", "03-02T10:00:00", VIEW, &["p1"]),
        at("t", "03-02T10:05:00", CART, &["p1"]),
        at("t", "03-02T10:30:00", BUY, &["p1", "p2"]),
        at("u", "03-02T10:00:00", VIEW, &["p1"]),
        at("u", "03-02T10:01:00", VIEW, &["p2"]),
        at("u", "03-02T10:05:00", CART, &["p2"]),
        at("u", "03-02T10:30:00", BUY, &["p1"]),
        at("w", "03-02T10:00:00", VIEW, &["p3"]),
        at("w", "03-02T10:05:00", CART, &["p3"]),
        at("w", "03-02T10:30:00", BUY, &["p3", "p3"]),
        at("x", "03-02T10:00:00", BUY, &["p4"]),
        at("x", "03-12T10:00:00", BUY, &["p5"]),
        at("y", "03-02T10:00:00", BUY, &["p4"]),
        at("y", "04-01T10:00:00.001", BUY, &["p4"]),
        at("z", "03-02T11:00:00", BUY, &["p4"]),
        at("z", "03-02T11:00:00", BUY, &["p6"]),
    ];
    insert(&stand, events).await;
    let steps = [VIEW, CART, BUY];
    let week = json!({"window": "7d"});
    let free = ask(&stand, "/v1/funnels", funnel(&steps, week)).await;
    assert_eq!(counts(&free, "count"), [3, 3, 3]);
    let held = json!({"window": "7d", "hold": "product"});
    let held = ask(&stand, "/v1/funnels", funnel(&steps, held)).await;
    assert_eq!(counts(&held, "count"), [4, 3, 2], "pairs of a visitor and a product");
    assert_eq!(counts(&held, "keys"), [3, 3, 2], "visitors");
    let again = funnel(&[BUY, BUY], json!({"window": "30d"}));
    assert_eq!(counts(&ask(&stand, "/v1/funnels", again).await, "count"), [6, 2]);
    let of_product = json!({
        "window": "30d", "filters": {"dimension": "product", "in": ["p4"]},
    });
    let of_product = ask(&stand, "/v1/funnels", funnel(&[BUY, BUY], of_product)).await;
    assert_eq!(counts(&of_product, "count"), [3, 0]);
}

#[actix_web::test]
async fn a_funnel_is_broken_down_by_the_value_of_its_first_step() {
    let stand = Stand::new().await;
    let lines = [
        ("a", "02T10:00:00", VIEW, "mobile"),
        ("a", "02T10:05:00", BUY, "desktop"),
        ("b", "02T10:00:00", VIEW, "mobile"),
        ("c", "02T10:00:00", VIEW, "desktop"),
        ("d", "02T10:00:00", VIEW, "tablet"),
        ("d", "02T10:10:00", BUY, "tablet"),
        ("e", "02T10:00:00", VIEW, "tv"),
        ("e", "02T10:30:00", BUY, "tv"),
    ];
    let on = |(visitor, time, event_type, device): (&str, &str, &str, &str)| {
        let mut event = event(visitor, &format!("2026-03-{time}Z"), event_type, &["p"]);
        event["device"] = json!(device);
        event
    };
    insert(&stand, lines.map(on)).await;
    let body = funnel(&[VIEW, BUY], json!({"breakdown": {"dimension": "device", "top": 2}}));
    let answer = ask(&stand, "/v1/funnels", body).await;
    let breakdown = &answer["breakdown"];
    let value = |index: usize| &breakdown["values"][index];
    assert_eq!((&value(0)["value"], &value(1)["value"]), (&json!("mobile"), &json!("desktop")));
    assert_eq!((counts(value(0), "count"), counts(value(1), "count")), (vec![2, 1], vec![1, 0]));
    assert_eq!((&value(0)["total_rate"], &value(1)["seconds"]), (&json!(0.5), &Value::Null));
    assert_eq!(counts(&breakdown["others"], "count"), [2, 2]);
    assert_eq!(breakdown["others"]["seconds"]["median"], 1_200.0);
    let body =
        funnel(&[VIEW, BUY], json!({"hold": "product", "breakdown": {"dimension": "product"}}));
    let held = ask(&stand, "/v1/funnels", body).await;
    assert_eq!(held["breakdown"]["values"][0]["value"], "p");
    assert_eq!(counts(&held["breakdown"]["values"][0], "count"), [5, 3]);
    assert_eq!(held["breakdown"]["others"], Value::Null);
}

#[actix_web::test]
async fn an_entry_is_open_until_its_window_is_over() {
    let stand = Stand::new().await;
    insert(&stand, events(&[("a", "02T10:00:00", VIEW), ("b", "03T12:00:00", VIEW)])).await;
    let body = funnel(&[VIEW, BUY], json!({"as_of": "2026-03-03T18:00:00Z"}));
    let answer = ask(&stand, "/v1/funnels", body).await;
    assert_eq!((counts(&answer, "count"), &answer["open"]), (vec![2, 0], &json!(1)));
}

/// Returns the size of each cohort, and its cells as text: `3 2 2 0* -`.
fn table(answer: &Value) -> Vec<(String, u64, String)> {
    let cell = |cell: &Value| match cell["state"].as_str().unwrap() {
        "complete" => cell["count"].to_string(),
        "partial" => format!("{}*", cell["count"]),
        _ => "-".to_owned(),
    };
    let cohorts = answer["cohorts"].as_array().unwrap().iter();
    cohorts
        .map(|cohort| {
            let cells: Vec<_> = cohort["cells"].as_array().unwrap().iter().map(cell).collect();
            let start = cohort["start"].as_str().unwrap().to_owned();
            (start, cohort["size"].as_u64().unwrap(), cells.join(" "))
        })
        .collect()
}

fn rows(expected: &[(&str, u64, &str)]) -> Vec<(String, u64, String)> {
    expected
        .iter()
        .map(|(start, size, cells)| ((*start).to_owned(), *size, (*cells).to_owned()))
        .collect()
}

#[actix_web::test]
async fn retention_follows_the_calendar_or_each_visitors_own_days() {
    let stand = Stand::new().await;
    // The 29th of March 2026 has 23 hours in Berlin.
    let local = [
        ("A", "28T23:45"),
        ("A", "29T00:01"),
        ("B", "28T12:00"),
        ("B", "29T12:00"),
        ("B", "30T11:30"),
        ("C", "28T10:00"),
        ("C", "30T10:00"),
        ("D", "29T01:30"),
        ("D", "30T00:30"),
        ("D", "31T09:00"),
        ("E", "29T23:30"),
        ("F", "30T08:00"),
        ("F", "31T08:00"),
        ("G", "20T10:00"),
        ("G", "28T15:00"),
        ("G", "31T10:00"),
    ];
    let events = local.map(|(visitor, time)| {
        let local: chrono::NaiveDateTime = format!("2026-03-{time}:00").parse().unwrap();
        let time = local.and_local_timezone(Berlin).unwrap().to_utc().to_rfc3339();
        event(visitor, &time, VIEW, &[])
    });
    insert(&stand, events).await;
    let asked = async |first: &str, mode: &str| {
        let body = json!({
            "cohort": {"event": VIEW}, "first": first, "mode": mode, "periods": 4,
            "time": {"from": "2026-03-28", "to": "2026-03-31", "tz": "Europe/Berlin"},
            "as_of": "2026-03-31T12:00:00+02:00",
        });
        ask(&stand, "/v1/retention", body).await
    };
    for (mode, first, expected, average) in [
        (
            "calendar",
            "ever",
            [
                ("2026-03-28", 3, "3 2 2 0*"),
                ("2026-03-29", 2, "2 1 1* -"),
                ("2026-03-30", 1, "1 1* - -"),
            ],
            3.0 / 5.0,
        ),
        (
            "calendar",
            "in_range",
            [
                ("2026-03-28", 4, "4 2 2 1*"),
                ("2026-03-29", 2, "2 1 1* -"),
                ("2026-03-30", 1, "1 1* - -"),
            ],
            3.0 / 6.0,
        ),
        (
            "rolling",
            "ever",
            [
                ("2026-03-28", 3, "3 2 0* 0*"),
                ("2026-03-29", 2, "2 0* 1* -"),
                ("2026-03-30", 1, "1* 1* - -"),
            ],
            2.0 / 3.0,
        ),
        (
            "rolling",
            "in_range",
            [
                ("2026-03-28", 4, "4 2 1* 0*"),
                ("2026-03-29", 2, "2 0* 1* -"),
                ("2026-03-30", 1, "1* 1* - -"),
            ],
            2.0 / 4.0,
        ),
    ] {
        let answer = asked(first, mode).await;
        assert_eq!(table(&answer), rows(&expected), "{mode} {first}");
        assert_eq!(answer["averages"][1]["rate"], average, "{mode} {first}");
    }
}

#[actix_web::test]
async fn weeks_begin_as_asked_and_periods_can_be_brackets() {
    let stand = Stand::new().await;
    let days = [
        ("h", "2"),
        ("h", "9"),
        ("h", "23"),
        ("i", "3"),
        ("i", "23"),
        ("j", "8"),
        ("k", "9"),
        ("k", "10"),
        ("k", "16"),
        ("l", "15"),
        ("l", "30"),
        ("m", "16"),
    ];
    let events = days
        .map(|(visitor, day)| event(visitor, &format!("2026-03-{day:0>2}T12:00:00Z"), VIEW, &[]));
    insert(&stand, events).await;
    let asked = async |more: Value| {
        let mut body = json!({
            "cohort": {"event": VIEW}, "period": "week", "periods": 5,
            "time": {"from": "2026-03-02", "to": "2026-03-23", "tz": "Europe/Berlin"},
            "as_of": "2026-04-02T12:00:00Z",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        table(&ask(&stand, "/v1/retention", body).await)
    };
    let on = [
        ("2026-03-02", 3, "3 1 0 2 0*"),
        ("2026-03-09", 2, "2 1 0 1* -"),
        ("2026-03-16", 1, "1 0 0* - -"),
    ];
    assert_eq!(asked(json!({})).await, rows(&on));
    let or_after = [
        ("2026-03-02", 3, "3 2 2 2 0*"),
        ("2026-03-09", 2, "2 2 1 1* -"),
        ("2026-03-16", 1, "1 0 0* - -"),
    ];
    assert_eq!(asked(json!({"measure": "on_or_after"})).await, rows(&or_after));
    let brackets =
        [("2026-03-02", 3, "3 1 2*"), ("2026-03-09", 2, "2 1 1*"), ("2026-03-16", 1, "1 0* -")];
    assert_eq!(asked(json!({"brackets": [[0, 0], [1, 2], [3, 4]]})).await, rows(&brackets));
    let sundays = asked(json!({"week_begins": "sunday", "periods": 1})).await;
    let starts: Vec<_> = sundays.into_iter().map(|(start, ..)| start).collect();
    assert_eq!(starts, ["2026-03-01", "2026-03-08", "2026-03-15", "2026-03-22"]);
}

#[actix_web::test]
async fn a_pause_longer_than_the_gap_begins_a_session() {
    let stand = Stand::new().await;
    let lines = [
        ("s1", "02T10:00:00", VIEW),
        ("s1", "02T10:30:00", VIEW),
        ("s1", "02T11:00:00.001", VIEW),
        ("s1", "02T11:20:00", VIEW),
        ("s2", "02T22:50:00", VIEW),
        ("s2", "02T23:10:00", VIEW),
        ("s3", "02T12:00:00", VIEW),
        ("s4", "29T00:50:00", VIEW),
        ("s4", "29T01:10:00", VIEW),
    ];
    let keyless = [("", "02T12:00:00", VIEW), ("", "01T00:00:00", PAGE)];
    let mut before = events(&keyless);
    before[1]["event_time"] = json!("2026-02-28T12:00:00Z");
    insert(&stand, before).await;
    insert(&stand, events(&lines)).await;
    let key = stand.key("acme", "read");
    let path = "/v1/sessions?from=2026-03-01&to=2026-04-01&tz=Europe/Berlin&granularity=day";
    let answer = stand.get(path, &key).await.body;
    assert_eq!(answer["without_key"], 1, "those of the range");
    let totals = json!({
        "sessions": 5, "keys": 4, "events": 9, "bounces": 1, "bounce_rate": 0.2,
        "mean_seconds": 1_079.999_8, "sessions_per_key": 1.25,
    });
    assert_eq!(answer["totals"], totals);
    let day = |index: usize| answer["series"][index]["sessions"].clone();
    assert_eq!((day(1), day(2), day(28)), (json!(4), json!(0), json!(1)), "not split at midnight");

    insert(&stand, events(&[("s1", "02T10:45:00", VIEW)])).await;
    let totals = json!({
        "sessions": 4, "keys": 4, "events": 10, "bounces": 1, "bounce_rate": 0.25,
        "mean_seconds": 1_800.0, "sessions_per_key": 1.0,
    });
    assert_eq!(stand.get(path, &key).await.body["totals"], totals);
}

#[actix_web::test]
async fn an_advertiser_sees_the_behaviour_in_its_own_campaigns_only() {
    let stand = Stand::new().await;
    let mut clicks = events(&[("a", "02T10:00:00", "ad_click"), ("b", "02T10:00:00", "ad_click")]);
    clicks[0]["campaign_id"] = json!("spring");
    clicks[1]["campaign_id"] = json!("winter");
    clicks.extend(events(&[("a", "02T11:00:00", BUY)]));
    insert(&stand, clicks).await;
    let token = stand.token("acme", "advertiser").await;
    let body = funnel(&["ad_click", BUY], json!({}));
    let own = stand.post("/v1/funnels", Some(&token), body.clone()).await.body;
    assert_eq!(counts(&own, "count"), [1, 0], "the purchase names no campaign");
    assert_eq!(counts(&ask(&stand, "/v1/funnels", body).await, "count"), [2, 1]);
    let path = "/v1/sessions?from=2026-03-01&to=2026-04-01";
    assert_eq!(stand.get(path, &token).await.body["totals"]["sessions"], 1);
    let body = json!({"cohort": {"event": "ad_click"}, "time": {"from": "2026-03-02", "to": "2026-03-03"}});
    let own = stand.post("/v1/retention", Some(&token), body).await.body;
    assert_eq!(own["cohorts"][0]["size"], 1);
}

#[actix_web::test]
async fn a_wrong_funnel_or_table_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let check = |answer: &Answer, pointer: &str, right: &str| {
        assert_eq!(answer.status, 422, "{pointer}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{error}");
    };
    for (more, pointer, right) in [
        (json!({"steps": [{"event": VIEW}]}), "/steps", "2 to 20"),
        (json!({"steps": [{"event": "view"}, {"event": BUY}]}), "/steps/0/event", "product_view"),
        (json!({"window": "soon"}), "/window", "30m"),
        (json!({"step_window": "0m"}), "/step_window", "30m"),
        (
            json!({"exclude": [{"event": REMOVE, "between": [2, 4]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (
            json!({"exclude": [{"event": REMOVE, "between": [0, 1]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (
            json!({"exclude": [{"event": REMOVE, "between": [1, 2, 3]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (json!({"hold": "prodct"}), "/hold", "`product`"),
        (json!({"order": "any"}), "/order", "strict"),
        (json!({"breakdown": {"dimension": "devise"}}), "/breakdown/dimension", "`device`"),
        (json!({"breakdown": {"dimension": "brand"}}), "/breakdown/dimension", "`hold`"),
        (json!({"breakdown": {"dimension": "device", "top": 0}}), "/breakdown/top", "1 to 100"),
        (json!({"time": {"granularity": "day"}}), "/time/granularity", "one bucket"),
        (json!({"filters": {"metric": "clicks", "gt": 1}}), "/filters", "only dimensions"),
        (json!({"as_of": "2999-01-01T00:00:00Z"}), "/as_of", "past"),
    ] {
        let answer = stand.post("/v1/funnels", Some(&key), funnel(&[VIEW, CART, BUY], more)).await;
        check(&answer, pointer, right);
    }
    for (more, pointer, right) in [
        (json!({"periods": 0}), "/periods", "between 1 and 366"),
        (json!({"brackets": [[2, 1]]}), "/brackets", "ascend"),
        (json!({"brackets": [[0, 1, 2]]}), "/brackets", "pairs such as"),
        (json!({"brackets": [[0, 0]], "measure": "on"}), "/measure", "absent"),
        (json!({"period": "month", "mode": "rolling"}), "/mode", "`calendar`"),
        (json!({"cohort": {"event": ""}}), "/cohort/event", "must be one of"),
    ] {
        let mut body = json!({"cohort": {"event": VIEW}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check(&stand.post("/v1/retention", Some(&key), body).await, pointer, right);
    }
    for (query, pointer, right) in [
        ("gap=9h", "?gap", "8 hours"),
        ("gap=x", "?gap", "30m"),
        ("by=session", "?by", "`customer`"),
    ] {
        check(&stand.get(&format!("/v1/sessions?{query}"), &key).await, pointer, right);
    }
}
