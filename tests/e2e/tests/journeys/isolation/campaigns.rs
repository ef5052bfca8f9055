//! The campaigns of another tenant, and streams of them.

use serde_json::json;
use testkit::{Answer, Platform, Tier};

use super::{CANARY, seed};
use crate::live::Stream;

#[tokio::test]
async fn a_stream_of_all_campaigns_has_none_of_another_tenant() {
    let platform = Platform::start().await;
    let mine = platform.onboard(Tier::Shared).await;
    for tier in Tier::ALL {
        let other = platform.onboard(tier).await;
        seed(&platform, &other).await;
        for credential in [&mine.owner, &mine.advertiser, &mine.read_key] {
            let mut stream = Stream::at(&platform, "/v1/live", credential, None).await;
            let snapshot = stream.next().await;
            assert_eq!(snapshot.event, "snapshot");
            assert!(!snapshot.data.to_string().contains(CANARY), "{tier:?} {}", snapshot.data);
            // The other tenant's events are no frame of this stream, also of a campaign id that both use.
            let events = json!([
                {"type": "ad_impression", "campaign_id": CANARY},
                {"type": "ad_impression", "campaign_id": "spring"},
            ]);
            platform.collect(&other.collect_key, &events).await.expect(202);
            platform.collect(&mine.collect_key, &json!([events[1]])).await.expect(202);
            let update = stream.next().await;
            assert!(!update.data.to_string().contains(CANARY), "{tier:?} {}", update.data);
        }
    }
}

#[tokio::test]
async fn the_answers_for_a_foreign_and_a_missing_campaign_are_equal() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Shared).await);
    seed(&platform, &other).await;
    for path in ["", "/metrics?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "/live"] {
        let foreign =
            platform.get(&mine.owner, &format!("/v1/campaigns/{CANARY}{path}")).await.expect(404);
        let missing =
            platform.get(&mine.owner, &format!("/v1/campaigns/never-was{path}")).await.expect(404);
        let shape = |answer: &Answer| {
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("request_id");
            body
        };
        assert_eq!(shape(&foreign), shape(&missing));
    }
    let shape = async |campaign: &str| {
        let path = format!("/v1/live?campaigns={campaign}");
        let mut body = platform.get(&mine.owner, &path).await.expect(404).json();
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    assert_eq!(shape(CANARY).await, shape("never-was").await);
}
