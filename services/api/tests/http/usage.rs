use chrono::Utc;
use chrono_tz::Europe::Berlin;
use serde_json::json;
use testkit::eventually;

use crate::stand::Stand;

#[actix_web::test]
async fn an_owner_sees_every_day_also_those_without_anything() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let usage = stand.get("/v1/usage?from=2026-03-01&to=2026-03-31", &owner).await;
    assert_eq!(usage.status, 200, "{}", usage.body);
    assert_eq!(usage.body["tz"], "Europe/Berlin");
    let days = usage.body["days"].as_array().unwrap();
    assert_eq!(days.len(), 31);
    assert_eq!((&days[0]["day"], &days[30]["day"]), (&json!("2026-03-01"), &json!("2026-03-31")));
    assert_eq!((&days[0]["events"], &usage.body["totals"]["events"]), (&json!(0), &json!(0)));
    assert_eq!(usage.body["storage_bytes"], 0);
    for (parameters, pointer) in [
        ("?from=2026-03-02&to=2026-03-01", "?from"),
        ("?from=2025-03-02&to=2026-03-01", "?from"),
        ("?to=today", "?to"),
    ] {
        let refused = stand.get(&format!("/v1/usage{parameters}"), &owner).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}

#[actix_web::test]
async fn only_owners_see_the_usage_of_their_tenant_and_admins_that_of_all() {
    let stand = Stand::new().await;
    for role in ["analyst", "advertiser"] {
        let token = stand.token("acme", role).await;
        assert_eq!(stand.get("/v1/usage", &token).await.status, 403, "{role}");
    }
    assert_eq!(stand.get("/v1/usage", &stand.key("acme", "read")).await.status, 403);
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.get("/v1/admin/usage", &owner).await.status, 403);

    let admin = stand.access_token("admin@test.example").await;
    let first = stand.get("/v1/admin/usage?limit=1", &admin).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.body["data"][0]["tenant"], stand.id("acme"));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let last = stand.get(&format!("/v1/admin/usage?limit=1&cursor={cursor}"), &admin).await;
    assert_eq!(last.body["data"][0]["tenant"], stand.id("globex"));
    assert_eq!(last.body["next_cursor"], serde_json::Value::Null);
    let one = format!("/v1/admin/usage?tenant={}", stand.id("globex"));
    assert_eq!(stand.get(&one, &admin).await.body["data"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn reports_are_counted_on_the_day_of_the_tenants_clock() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let query = json!({"metrics": ["events"], "time": {"from": "2026-03-01", "to": "2026-03-02"}});
    let today = || Utc::now().with_timezone(&Berlin).date_naive().to_string();
    let before = today();
    let answer = stand.post("/v1/query", Some(&owner), query).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // Another day, if the report ran at midnight.
    let days = [before, today()];
    eventually("the report is counted", async || {
        let usage = stand.get("/v1/usage", &owner).await.body;
        let listed = usage["days"].as_array().unwrap().iter();
        let mut today = listed.filter(|listed| days.iter().any(|day| listed["day"] == *day));
        today.any(|day| day["reports"].as_u64().unwrap() > 0).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_cluster_that_does_not_answer_hides_no_page_of_the_usage() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let settings: warehouse::ClusterSettings = testkit::cluster("shared");
    let dead = warehouse::ClusterSettings { url: "http://127.0.0.1:1".into(), ..settings };
    stand.warehouse.register("shared".parse().unwrap(), &dead);
    let listed = stand.get("/v1/admin/usage?limit=1", &admin).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let expected = json!([{"tenant": stand.id("acme"), "unavailable": true}]);
    assert_eq!(listed.body["data"], expected);
    assert!(listed.body["next_cursor"].is_string());
    let wrong = stand.get("/v1/admin/usage?to=today", &admin).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
}
