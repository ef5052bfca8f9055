//! No byte of another tenant, on any route.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant, Tier};

/// A text that only the other tenant's data holds.
const CANARY: &str = "canary-of-the-other";

/// Every route of both services, from the committed contract.
fn routes() -> Vec<(Method, String, bool)> {
    let read = |name: &str| -> Value {
        let path = format!("{}/../../openapi/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut routes = Vec::new();
    for (name, is_api) in [("api.json", true), ("collector.json", false)] {
        for (path, methods) in read(name)["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let method = method.to_uppercase().parse().unwrap();
                routes.push((method, path.clone(), is_api));
            }
        }
    }
    routes
}

/// The route with every id it takes replaced by the other tenant's.
fn aimed_at(path: &str, other: &Tenant) -> String {
    let id = if path.starts_with("/v1/admin/tenants") { other.id.as_str() } else { CANARY };
    let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(
    platform: &Platform,
    token: Option<&str>,
    (method, path, is_api): &(Method, String, bool),
    other: &Tenant,
) -> Answer {
    // A smuggled tenant id must not make the question invalid, nor be heard.
    let range = "from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z";
    let url = if *is_api { platform.api(path) } else { platform.collector(path) };
    let mut request = platform
        .client()
        .request(method.clone(), format!("{url}?{range}"))
        .header("X-Client-Id", &other.id)
        .header("X-Tenant-Id", &other.id)
        .timeout(std::time::Duration::from_secs(5));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if *method != Method::GET {
        request = request.json(&json!({"client_id": other.id, "id": CANARY, "name": "x"}));
    }
    Answer::read(request.send().await.unwrap()).await
}

async fn seed(platform: &Platform, tenant: &Tenant) {
    let events = json!([
        {"type": "ad_impression", "campaign_id": CANARY, "visitor_id": CANARY, "ad_id": CANARY},
        {"type": "purchase", "campaign_id": CANARY, "order_id": CANARY, "revenue": 77,
         "items": [{"product_id": CANARY, "brand": CANARY}]},
        {"type": "ad_impression", "campaign_id": "spring"},
    ]);
    platform.collect(&tenant.collect_key, &events).await.expect(202);
    platform.settled(tenant, CANARY, "orders", 1).await;
}

#[tokio::test]
async fn no_route_shows_a_byte_of_another_tenant() {
    let platform = Platform::start().await;
    let mine = platform.onboard(Tier::Shared).await;
    for tier in Tier::ALL {
        let other = platform.onboard(tier).await;
        seed(&platform, &other).await;
        let credentials =
            [&mine.owner, &mine.advertiser, &mine.collect_key, &mine.import_key, &mine.read_key];
        for route in routes() {
            let (method, path, is_api) = &route;
            if path.ends_with("/live") {
                // Streams have no end to wait for; they are looked at below.
                continue;
            }
            let aimed = (method.clone(), aimed_at(path, &other), *is_api);
            for token in credentials {
                let answer = ask(&platform, Some(token), &aimed, &other).await;
                // A problem may quote the request; data may not hold what only the other has.
                let told = answer.status.is_success()
                    && (answer.text.contains(CANARY) || answer.text.contains(&other.id));
                assert!(!told, "{tier:?} {aimed:?}: {}", answer.text);
                if path.contains('{') {
                    assert!(
                        answer.status.is_client_error(),
                        "{aimed:?} answered {}",
                        answer.status
                    );
                }
            }
        }
        // My own numbers are untouched by theirs, in the campaign whose name we share.
        let path = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions\
            &from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z";
        let own = platform.get(&mine.owner, path).await.expect(200).json();
        assert_eq!(own["totals"]["impressions"], 0);
        let theirs = platform.get(&other.owner, path).await.expect(200).json();
        assert_eq!(theirs["totals"]["impressions"], 1);
    }
}

#[tokio::test]
async fn a_foreign_campaign_looks_exactly_like_a_missing_one() {
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
}

#[tokio::test]
async fn the_tenant_of_an_event_is_that_of_the_key_whatever_the_event_says() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Schema).await);
    let event = json!([{"type": "ad_impression", "campaign_id": "spring", "client_id": other.id}]);
    platform.collect(&mine.collect_key, &event).await.expect(202);
    platform.settled(&mine, "spring", "impressions", 1).await;
    platform.settled(&other, "spring", "impressions", 0).await;
}

#[tokio::test]
async fn every_guarded_route_refuses_a_stranger() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    for route in routes() {
        let (method, path, is_api) = &route;
        let open = path.starts_with("/v1/auth/") || !path.starts_with("/v1/");
        let aimed = (method.clone(), aimed_at(path, &tenant), *is_api);
        let answer = ask(&platform, None, &aimed, &tenant).await;
        assert!(open || answer.status == 401, "{aimed:?} answered {}", answer.status);
    }
}
