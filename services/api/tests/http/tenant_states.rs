use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::Stand;

fn change(name: &str, stand: &Stand) -> String {
    format!("/v1/admin/tenants/{}{name}", stand.id("acme"))
}

#[actix_web::test]
async fn a_suspended_tenant_reads_nothing_until_it_is_resumed_and_its_owner_sees_why() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let (owner, analyst) =
        (stand.token("acme", "owner").await, stand.token("acme", "analyst").await);
    let key = stand.key("acme", "read");
    assert_eq!(stand.get("/v1/campaigns", &key).await.status, 200);

    let order = json!({"reason": "An invoice has not been paid"});
    let suspended = stand.post(&change("/suspend", &stand), Some(&admin), order.clone()).await;
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    assert_eq!(suspended.body["state"], "suspended");
    assert_eq!(suspended.body["state_reason"], "An invoice has not been paid");

    let shown = stand.until("/v1/campaigns", &owner, 403).await;
    assert_eq!(shown.body["code"], "tenant_suspended");
    assert!(shown.body.to_string().contains("An invoice has not been paid"), "{}", shown.body);
    for credential in [&analyst, &key] {
        let refused = stand.until("/v1/campaigns", credential, 403).await;
        assert_eq!(refused.body["code"], "tenant_suspended");
        assert!(!refused.body.to_string().contains("invoice"), "only owners see why");
    }
    let login = json!({
        "email": stand.email("acme", "owner"),
        "password": stand.password(&stand.email("acme", "owner")).await,
    });
    let refused = stand.post("/v1/auth/login", None, login).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.to_string().contains("invoice"), "{}", refused.body);
    let neighbour = stand.key("globex", "read");
    assert_eq!(stand.get("/v1/campaigns", &neighbour).await.status, 200);

    let again = stand.post(&change("/suspend", &stand), Some(&admin), order).await;
    assert_eq!(again.status, 200, "a repeated request changes nothing");
    let resumed = stand.post(&change("/resume", &stand), Some(&admin), Value::Null).await;
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    assert_eq!(resumed.body["state"], "active");
    assert_eq!(resumed.body["state_reason"], Value::Null);
    stand.until("/v1/campaigns", &key, 200).await;
    stand.until("/v1/campaigns", &owner, 401).await;
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.get("/v1/campaigns", &owner).await.status, 200);
}

#[actix_web::test]
async fn only_an_active_tenant_is_suspended_and_only_a_suspended_one_resumed() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let refused = stand.post(&change("/resume", &stand), Some(&admin), Value::Null).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("wrong_state")));
    for order in [json!({}), json!({"reason": ""}), json!({"reason": "a\nb"})] {
        let refused = stand.post(&change("/suspend", &stand), Some(&admin), order).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{}", refused.body);
    }
    for path in ["/v1/admin/tenants/nobody/suspend", "/v1/admin/tenants/nobody/resume"] {
        let order = json!({"reason": "x"});
        assert_eq!(stand.post(path, Some(&admin), order).await.status, 404);
    }
    let owner = stand.token("acme", "owner").await;
    let order = json!({"reason": "x"});
    let refused = stand.post(&change("/suspend", &stand), Some(&owner), order).await;
    assert_eq!(refused.status, 403, "an owner cannot change a state");
}

#[actix_web::test]
async fn limits_are_changed_and_what_is_absent_stays() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let before = stand.get(&change("", &stand), &admin).await.body;
    let order = json!({
        "limits": {"live_streams": 3}, "retention_days": 90, "rollup_retention_days": 400,
    });
    let changed = stand.send(Method::PATCH, &change("", &stand), &admin, order).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["limits"]["live_streams"], 3);
    assert_eq!(changed.body["retention_days"], 90);
    assert_eq!(changed.body["rollup_retention_days"], 400);
    for same in ["events_per_second", "concurrent_queries", "partition_spread"] {
        assert_eq!(changed.body["limits"][same], before["limits"][same], "{same}");
    }
    for (order, pointer) in [
        (json!({"limits": {"events_per_second": 0}}), "/limits/events_per_second"),
        (json!({"limits": {"partition_spread": 9}}), "/limits/partition_spread"),
        (json!({"retention_days": 0}), "/retention_days"),
        (json!({"rollup_retention_days": 36_501}), "/rollup_retention_days"),
    ] {
        let refused = stand.send(Method::PATCH, &change("", &stand), &admin, order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}
