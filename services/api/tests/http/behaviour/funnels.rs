use serde_json::{Value, json};

use super::{BUY, CART, PAGE, REMOVE, VIEW, ask, counts, event, events, funnel};
use crate::{query::insert, stand::Stand};

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
