//! Every route, with the other tenant's ids.

use serde_json::json;
use testkit::{Platform, Tier};

use super::{
    CANARY, belongings, numbers,
    requests::{ask, expected_status, routes},
    seed,
    target::Target,
};

#[tokio::test]
async fn no_route_shows_or_changes_a_byte_of_another_tenant() {
    let platform = Platform::start().await;
    let mine = platform.onboard(Tier::Shared).await;
    let third = platform.onboard(Tier::Shared).await;
    let order = json!({"visitors": [CANARY]});
    let erasure = platform.post(&third.owner, "/v1/privacy/erase", &order).await.expect(202).json();
    for tier in Tier::ALL {
        let other = platform.onboard(tier).await;
        seed(&platform, &other).await;
        let target = Target::of(&platform, &other, erasure["id"].as_str().unwrap()).await;
        let before = belongings(&platform, &other).await;
        let credentials =
            [&mine.owner, &mine.advertiser, &mine.collect_key, &mine.import_key, &mine.read_key];
        for route in routes() {
            let (method, path, _) = &route;
            if path.ends_with("/live") {
                // Streams do not end; another test checks them.
                continue;
            }
            for token in credentials {
                let answer = ask(&platform, Some(token), &route, &target).await;
                // A problem may quote the request; data must not contain the other tenant's text.
                let leaked = answer.status.is_success()
                    && (answer.text.contains(CANARY) || answer.text.contains(&other.id));
                assert!(!leaked, "{tier:?} {method} {path}: {}", answer.text);
                let expected_status =
                    expected_status(method, path).filter(|_| *token == mine.owner);
                let status = answer.status.as_u16();
                assert!(
                    expected_status.is_none_or(|expected_status| expected_status == status),
                    "{tier:?} {method} {path} answered {status}: {}",
                    answer.text
                );
            }
        }
        assert_eq!(belongings(&platform, &other).await, before);
        platform.collect(&other.collect_key, &json!([{"type": "page_view"}])).await.expect(202);
        numbers::check_campaigns(&platform, &mine, &other).await;
        numbers::check_tenants(&platform, &mine, &other).await;
        numbers::check_cohorts(&platform, &mine, (tier, &other), &target.cohort).await;
    }
}

#[tokio::test]
async fn every_guarded_route_refuses_a_request_without_a_credential() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    seed(&platform, &tenant).await;
    let target = Target::of(&platform, &tenant, CANARY).await;
    for route in routes() {
        let (_, path, _) = &route;
        let open = path.starts_with("/v1/auth/") || !path.starts_with("/v1/");
        let answer = ask(&platform, None, &route, &target).await;
        assert!(open || answer.status == 401, "{route:?} answered {}", answer.status);
    }
}
