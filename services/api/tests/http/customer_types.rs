use serde_json::{Value, json};

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

/// Returns an order of a customer, worth ten euros.
fn order(customer: &str, campaign: &str, time: &str) -> Value {
    json!({
        "type": "purchase", "event_time": time, "customer_id": customer, "campaign_id": campaign,
        "revenue": "10", "currency": "EUR",
    })
}

/// Two customers before the day, of whom one comes back in it, and a third one who comes twice.
fn orders() -> [Value; 5] {
    [
        order("ann", "winter", "2026-02-01T10:00:00Z"),
        order("bob", "spring", "2026-02-01T10:00:00Z"),
        order("ann", "spring", "2026-03-02T10:00:00Z"),
        order("cid", "spring", "2026-03-02T10:00:00Z"),
        order("cid", "winter", "2026-03-02T11:00:00Z"),
    ]
}

fn body(change: Value) -> Value {
    let mut body = json!({
        "metrics": ["orders", "sales", "aov", "new_customers", "returning_customers"],
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn ask(stand: &Stand, change: Value) -> Answer {
    stand.post("/v1/query", Some(&stand.key("acme", "read")), body(change)).await
}

#[actix_web::test]
async fn orders_are_divided_by_whether_they_are_the_first_of_their_customer() {
    let stand = Stand::new().await;
    insert(&stand, orders()).await;
    let answer =
        ask(&stand, json!({"dimensions": ["customer_type"], "order": [["customer_type", "asc"]]}))
            .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rows = answer.body["rows"].as_array().unwrap().iter();
    let rows: Vec<_> =
        rows.map(|row| (row["customer_type"].clone(), row["values"].clone())).collect();
    let values = |orders: u64, sales: &str, new: u64, returning: u64| {
        json!({
            "orders": orders, "sales": sales, "aov": "10.00", "new_customers": new,
            "returning_customers": returning,
        })
    };
    let new = (json!("new"), values(1, "10.00", 1, 0));
    assert_eq!(rows, [new, (json!("returning"), values(2, "20.00", 0, 2))]);
    // Who comes first and comes again is in both numbers.
    assert_eq!(answer.body["totals"]["values"], values(3, "30.00", 1, 2));

    let new = json!({"dimension": "customer_type", "in": ["new"]});
    let filtered = ask(&stand, json!({"filters": new})).await;
    assert_eq!(filtered.body["totals"]["values"], values(1, "10.00", 1, 0));
}

#[actix_web::test]
async fn only_metrics_of_orders_combine_with_the_type_of_a_customer() {
    let stand = Stand::new().await;
    let new = json!({"dimension": "customer_type", "in": ["new"]});
    for change in [
        json!({"metrics": ["clicks"], "dimensions": ["customer_type"]}),
        json!({"metrics": ["visitors"], "filters": new}),
        json!({"dimensions": ["customer_type"], "top": {"n": 1, "by": "roas"}}),
    ] {
        let refused = ask(&stand, change.clone()).await;
        assert_eq!(refused.status, 422, "{change}");
        assert_eq!(refused.body["code"], "incompatible", "{change}");
        let reason = refused.body["errors"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("`customer_type`") && reason.contains("units_sold"), "{reason}");
    }
    let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
    let first = json!([{"event": "product_view"}, {"event": "purchase", "filters": new}]);
    for (funnel, pointer) in [
        (json!({"steps": first}), "/steps/1/filters"),
        (json!({"steps": steps, "filters": new}), "/filters"),
        (json!({"steps": steps, "hold": "customer_type"}), "/hold"),
    ] {
        let refused = stand.post("/v1/funnels", Some(&stand.key("acme", "read")), funnel).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
}

#[actix_web::test]
async fn first_orders_are_refused_to_who_may_see_only_some_campaigns() {
    let stand = Stand::new().await;
    insert(&stand, orders()).await;
    let token = stand.token("acme", "advertiser").await;
    let new = json!({"dimension": "customer_type", "in": ["new"]});
    for (change, name) in [
        (json!({"metrics": ["new_customers"]}), "new_customers"),
        (
            json!({"metrics": ["orders"], "order": [["returning_customers", "desc"]]}),
            "returning_customers",
        ),
        (json!({"metrics": ["orders"], "dimensions": ["customer_type"]}), "customer_type"),
        (json!({"metrics": ["orders"], "filters": {"not": new}}), "customer_type"),
    ] {
        let refused = stand.post("/v1/query", Some(&token), body(change.clone())).await;
        assert_eq!(refused.status, 403, "{change}");
        assert_eq!(refused.body["code"], "permission_denied", "{change}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`{name}`")), "{detail}");
    }
    let path = "/v1/campaigns/spring/metrics?metrics=orders,new_customers&granularity=day\
                &from=2026-03-02&to=2026-03-03";
    assert_eq!(stand.get(path, &token).await.status, 403);
    let all = stand.get(path, &stand.key("acme", "read")).await.body;
    assert_eq!(all["totals"], json!({"orders": 2, "new_customers": 1}), "{all}");
}
