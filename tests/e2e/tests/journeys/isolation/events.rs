//! The tenant of an event.

use serde_json::json;
use testkit::{Platform, Tier};

#[tokio::test]
async fn the_tenant_of_an_event_is_always_the_tenant_of_the_key() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Schema).await);
    let event = json!([{"type": "ad_impression", "campaign_id": "spring", "client_id": other.id}]);
    platform.collect(&mine.collect_key, &event).await.expect(202);
    platform.wait_for_count(&mine, "spring", "impressions", 1).await;
    platform.wait_for_count(&other, "spring", "impressions", 0).await;
}
