use std::time::Duration;

use crate::stand::Stand;

#[actix_web::test]
async fn reports_continue_without_postgresql() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    let path = "/v1/campaigns/spring/metrics?from=2019-11-24&to=2019-11-26";
    let before = stand.get(path, &token).await;
    assert_eq!(before.status, 200, "{}", before.body);

    stand.cut_postgres();
    // Longer than any answer of PostgreSQL is cached.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let after = stand.get(path, &token).await;
    assert_eq!(after.status, 200, "{}", after.body);
    assert_eq!(after.body["totals"], before.body["totals"]);
    let unknown = stand.get("/v1/campaigns/winter/metrics", &token).await;
    assert_eq!(unknown.status, 503, "an unknown campaign is not invented: {}", unknown.body);
}

#[actix_web::test]
async fn without_postgresql_a_campaign_of_another_brand_is_answered_as_an_absent_one() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let advertiser = stand.token("acme", "advertiser").await;
    let [anothers, absent] = ["winter", "missing"].map(|id| format!("/v1/campaigns/{id}"));
    // The process knows it from now on, and still has to ask for the one that is absent.
    assert_eq!(stand.get(&anothers, &owner).await.status, 200);
    for path in [&anothers, &absent] {
        assert_eq!(stand.get(path, &advertiser).await.status, 404, "{path}");
    }

    stand.cut_postgres();
    for path in [&anothers, &absent] {
        assert_eq!(stand.get(path, &advertiser).await.status, 503, "{path}");
    }
}
