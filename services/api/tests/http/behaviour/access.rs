use serde_json::json;

use super::{BUY, ask, counts, events, funnel};
use crate::{query::insert, stand::Stand};

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
