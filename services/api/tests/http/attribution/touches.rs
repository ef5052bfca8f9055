use serde_json::{Value, json};

use super::{ask, by_campaign, day, order, touch};
use crate::{query::insert, stand::Stand};

#[actix_web::test]
async fn the_last_eligible_touch_gets_the_order() {
    let stand = Stand::new().await;
    let (click, view) = ("ad_click", "ad_impression");
    let mut events = vec![
        touch("c1", click, "X", "10T12:00:00", 1),
        touch("c1", view, "Y", "20T11:00:00", 2),
        touch("c2", click, "X", "06T12:00:00", 3),
        touch("c3", click, "X", "06T11:59:59.999", 4),
        touch("c3", view, "Y", "19T12:00:00", 5),
        touch("c4", click, "X", "19T10:00:00", 6),
        touch("c4", click, "Y", "19T10:00:00", 7),
        touch("c5", click, "X", "20T12:00:00.001", 8),
        touch("c6", click, "X", "20T12:00:00", 9),
        touch("c6", view, "Y", "20T12:00:00", 10),
        touch("c7", view, "Y", "20T09:00:00", 11),
        touch("c7", view, "X", "20T08:00:00", 12),
        touch("c8", view, "Y", "19T11:59:59.999", 13),
    ];
    for (index, viewable) in [(10, false), (11, true)] {
        events[index]["viewable"] = json!(viewable);
    }
    for visitor in ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"] {
        events.push(order(visitor, json!([{"product_id": "p", "quantity": 1, "price": "100"}])));
    }
    events.push(order("", json!([{"product_id": "p", "quantity": 1, "price": "100"}])));
    events.last_mut().unwrap()["visitor_id"] = Value::Null;
    insert(&stand, events).await;
    let body = json!({
        "time": day(),
        "rules": [
            {"match": "any"},
            {"match": "any", "click_beats_view": false},
            {"match": "any", "click_window": "7d", "view_window": "0d"},
            {"match": "any", "view_event": "viewable"},
        ],
    });
    let answer = ask(&stand, body).await;
    let orders = |rule| by_campaign(&answer, rule, "attributed_orders");
    assert_eq!(orders(0), json!({"X": 4.0, "Y": 2.0}));
    assert_eq!(orders(1), json!({"X": 3.0, "Y": 3.0}));
    assert_eq!(orders(2), json!({"X": 1.0, "Y": 1.0}));
    // Of the views, only that of X in c7 is known to have been viewable.
    assert_eq!(orders(3), json!({"X": 4.0, "Y": 1.0}));
    let without = |rule: usize| answer["rules"][rule]["orders_without_credit"].clone();
    assert_eq!([0, 1, 2, 3].map(without), [2, 2, 6, 3].map(|count| json!(count)));
    assert_eq!(answer["without_key"], 1);
    let totals = &answer["rules"][0]["totals"];
    assert_eq!(totals["attributed_sales"], "600.00");
    assert_eq!(totals["halo_sales"], "600.00", "the ads advertise no product");
    // In c1 a view of Y came after the click of X that has the credit.
    assert_eq!(by_campaign(&answer, 0, "assisted_sales"), json!({"X": "100.00", "Y": "200.00"}));
}

#[actix_web::test]
async fn an_ad_that_became_viewable_is_a_view_where_viewable_ones_count() {
    let stand = Stand::new().await;
    let order = order("v", json!([{"product_id": "p", "quantity": 1, "price": "100"}]));
    let events = [
        touch("v", "ad_impression", "seen", "20T09:00:00", 1),
        touch("v", "ad_viewable", "seen", "20T09:00:01", 2),
        touch("v", "ad_impression", "passed", "20T10:00:00", 3),
        order,
    ];
    insert(&stand, events).await;
    let rules =
        ["impression", "viewable"].map(|event| json!({"match": "any", "view_event": event}));
    let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
    let orders = |rule| by_campaign(&answer, rule, "attributed_orders");
    assert_eq!([orders(0), orders(1)], [json!({"passed": 1.0}), json!({"seen": 1.0})]);
}
