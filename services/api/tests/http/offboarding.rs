use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{SOON, Stand};

fn path(stand: &Stand, rest: &str) -> String {
    format!("/v1/admin/tenants/{}{rest}", stand.id("acme"))
}

#[actix_web::test]
async fn within_the_grace_period_a_tenant_reads_and_can_be_resumed() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"reason": "The contract has ended"});
    let begun = stand.send(Method::DELETE, &path(&stand, ""), &admin, order.clone()).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    assert_eq!(begun.body["state"], "grace");
    assert_eq!(begun.body["receipt"], Value::Null);
    let steps: Vec<_> = begun.body["steps"].as_array().unwrap().iter().collect();
    assert_eq!(steps.len(), 5);
    assert!(steps.iter().all(|step| step["started_at"] == Value::Null), "{steps:?}");

    let began = Instant::now();
    let resubmit = json!({"events": []});
    loop {
        let refused = stand.post("/v1/rejects/resubmit", Some(&owner), resubmit.clone()).await;
        if refused.body["code"] == "tenant_offboarding" {
            break;
        }
        assert!(began.elapsed() < SOON, "{}", refused.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stand.get("/v1/campaigns", &owner).await.status, 200);
    let export = json!({"time": {"from": "2026-03-01", "to": "2026-03-02"}});
    assert_eq!(stand.post("/v1/exports/events", Some(&owner), export).await.status, 200);

    let again = stand.send(Method::DELETE, &path(&stand, ""), &admin, order).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("wrong_state")));
    let shown = stand.get(&path(&stand, "/offboarding"), &admin).await;
    assert_eq!(shown.body["reason"], "The contract has ended");
    assert_eq!(stand.get(&path(&stand, "/offboarding"), &owner).await.status, 403);

    let resumed = stand.post(&path(&stand, "/resume"), Some(&admin), Value::Null).await;
    assert_eq!((resumed.status.as_u16(), &resumed.body["state"]), (200, &json!("active")));
    assert_eq!(stand.get(&path(&stand, "/offboarding"), &admin).await.status, 404);
}

#[actix_web::test]
async fn wrong_orders_to_offboard_are_refused() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let too_long = json!({"reason": "x", "grace_days": 366});
    let refused = stand.send(Method::DELETE, &path(&stand, ""), &admin, too_long).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/grace_days");
    let nobody = "/v1/admin/tenants/nobody";
    let order = json!({"reason": "x"});
    assert_eq!(stand.send(Method::DELETE, nobody, &admin, order.clone()).await.status, 404);
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.send(Method::DELETE, &path(&stand, ""), &owner, order).await.status, 403);
}
