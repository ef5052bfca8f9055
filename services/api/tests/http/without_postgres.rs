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
