//! Keys are replaced while the platform runs.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::{Platform, Tier, eventually};

const KEY: &str = "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY";
const OTHER_KEYS: &str = "FOOTFALL__SECRETS__OTHER_KEY_ENCRYPTION_KEYS";

/// Returns the ids of the published signing keys, newest first.
async fn published(platform: &Platform) -> Vec<String> {
    let url = platform.api("/.well-known/jwks.json");
    let document: Value = platform.client().get(url).send().await.unwrap().json().await.unwrap();
    let keys = document["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn signing_keys_are_added_and_removed_while_the_processes_run() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let former = published(&platform).await.remove(0);
    platform.run(&["keys", "add-signing-key"]);
    let added = eventually("the new key is published", async || {
        let keys = published(&platform).await;
        (keys.len() == 2).then(|| keys[0].clone())
    })
    .await;
    assert_ne!(added, former);
    let status = platform.run(&["keys", "status"]);
    assert!(status.contains("signs from") && status.contains(&former), "{status}");
    platform.get(&tenant.owner, "/v1/campaigns").await.expect(200);

    platform.run(&["keys", "remove-signing-key", &former]);
    eventually("tokens of the former key are refused", async || {
        (platform.get(&tenant.owner, "/v1/campaigns").await.status == 401).then_some(())
    })
    .await;
    assert_eq!(published(&platform).await, [added]);
    platform.get(&platform.admin().await, "/v1/admin/tenants").await.expect(200);
}

#[tokio::test]
async fn the_key_encryption_key_is_replaced_by_one_in_a_file() {
    let mut platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let file = platform.folder().join("key");
    fs::write(&file, STANDARD.encode([8_u8; 32])).unwrap();
    let former = std::env::var(KEY).unwrap();

    platform.set(KEY, &format!("file:{}", file.display()));
    platform.set(OTHER_KEYS, &former);
    platform.restart().await;
    assert!(platform.run(&["keys", "status"]).contains("opens"));
    platform.run(&["keys", "rotate"]);
    let status = platform.run(&["keys", "status"]);
    assert!(status.contains("current") && !status.contains("opens"), "{status}");

    platform.set(OTHER_KEYS, "");
    platform.restart().await;
    platform.get(&tenant.owner, "/v1/campaigns").await.expect(200);
    let event = json!([{"type": "ad_impression", "campaign_id": "spring", "visitor_id": "ann",
                        "event_time": chrono::Utc::now()}]);
    platform.collect(&tenant.collect_key, &event).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 1).await;
}
