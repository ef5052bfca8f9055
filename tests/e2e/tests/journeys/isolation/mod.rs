//! No route shows or changes data of another tenant.

mod campaigns;
mod events;
mod jobs;
mod numbers;
mod requests;
mod routes;
mod target;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant};

use crate::years;

/// A text that is only in the other tenant's data.
const CANARY: &str = "canary-of-the-other";

/// The name of a dimension that the other tenant has declared.
const DIMENSION: &str = "own_tier";

/// Returns a cohort of everybody who has seen an ad.
fn cohort(name: &str) -> Value {
    json!({"name": name, "definition": {"events": ["ad_impression"], "time": {"last_days": 365}}})
}

/// Creates something as a tenant's owner. Returns its id.
async fn created(platform: &Platform, tenant: &Tenant, path: &str, order: &Value) -> String {
    let created = platform.post(&tenant.owner, path, order).await.expect(201).json();
    created["id"].as_str().unwrap().to_owned()
}

/// Declares or deletes the dimension as a tenant's owner.
async fn dimension(platform: &Platform, tenant: &Tenant, method: Method, order: &Value) -> Answer {
    let path = platform.api(&format!("/v1/dimensions/{DIMENSION}"));
    let request = platform.client().request(method, path).bearer_auth(&tenant.owner).json(order);
    Answer::read(request.send().await.unwrap()).await
}

/// Returns a range that contains all events.
fn everything() -> Value {
    let [from, to] = years::around_now();
    json!({"from": from, "to": to})
}

/// Lists everything of a tenant that a route could change.
async fn belongings(platform: &Platform, tenant: &Tenant) -> Vec<String> {
    let mut lists = Vec::new();
    for list in [
        "campaigns",
        "advertisers",
        "api-keys",
        "users",
        "rejects",
        "parked",
        "annotations",
        "saved-reports",
        "cohorts",
        "reports",
        "schedules",
        "dimensions",
        "privacy/erasures",
        "me/sessions",
        "security",
    ] {
        let answer = platform.get(&tenant.owner, &format!("/v1/{list}")).await;
        let mut listed = answer.expect(200).json();
        // The tenant's own use of a key is written up to a minute later.
        for item in listed["data"].as_array_mut().into_iter().flatten() {
            item.as_object_mut().unwrap().remove("last_used_at");
        }
        lists.push(listed.to_string());
    }
    lists
}

async fn seed(platform: &Platform, tenant: &Tenant) {
    let events = json!([
        {"type": "ad_impression", "campaign_id": CANARY, "visitor_id": CANARY, "ad_id": CANARY},
        {"type": "purchase", "campaign_id": CANARY, "order_id": CANARY, "revenue": 77,
         "items": [{"product_id": CANARY, "brand": CANARY}]},
        {"type": "ad_impression", "campaign_id": "spring"},
        {"type": "ad_impression", "visitor_id": CANARY},
    ]);
    platform.collect(&tenant.collect_key, &events).await.expect(202);
    platform.wait_for_count(tenant, CANARY, "orders", 1).await;
    platform.wait_for_count(tenant, "spring", "impressions", 1).await;
}
