//! Events over a quota wait for their owner, who sees and releases them.

use serde_json::{Value, json};
use testkit::{Platform, Tier, eventually};

#[tokio::test]
async fn events_over_the_quota_of_an_hour_are_parked_seen_released_and_then_reported() {
    let platform = Platform::start().await;
    let limits = json!({"quotas": {"events_per_hour": 2, "over_quota": "park"}});
    let tenant = platform.onboard_limited(Tier::Schema, limits).await;
    let other = platform.onboard(Tier::Shared).await;
    let two = json!(vec![json!({"type": "ad_impression", "campaign_id": "spring"}); 2]);
    let accepted = platform.collect(&tenant.collect_key, &two).await.expect(202).json();
    assert_eq!(accepted["counts"]["accepted"], 2, "{accepted}");
    for _ in 0..2 {
        let parked = platform.collect(&tenant.collect_key, &two).await.expect(202).json();
        assert_eq!(parked["counts"]["parked"], 2, "{parked}");
    }
    let seen = eventually("the owner sees four parked events", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        (seen["events"] == 4).then_some(seen)
    })
    .await;
    assert!(seen["bytes"].as_u64().unwrap() > 0, "{seen}");
    assert!(seen["hours"][0]["expires_at"].is_string(), "{seen}");
    platform.wait_for_count(&tenant, "spring", "impressions", 2).await;

    let theirs = platform.get(&other.owner, "/v1/parked").await.expect(200).json();
    assert_eq!((&theirs["events"], &theirs["orders"]), (&json!(0), &json!([])));
    platform.post(&other.owner, "/v1/parked/release", &json!({})).await.expect(202);
    platform.post(&tenant.owner, "/v1/parked/release", &json!({})).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 6).await;
    let done: Value = eventually("the order is carried out", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        seen["orders"][0]["finished_at"].is_string().then_some(seen)
    })
    .await;
    assert_eq!((&done["events"], &done["orders"][0]["events"]), (&json!(0), &json!(4)));
    platform.wait_for_count(&tenant, "spring", "impressions", 6).await;
}
