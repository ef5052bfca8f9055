//! A valid request to every route.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform};
use uuid::Uuid;

use super::{CANARY, cohort, everything, target::Target};

/// Its method, its path, and whether it belongs to the API (else to the collector).
pub(super) type Route = (Method, String, bool);

/// Returns every route of both services, from the committed OpenAPI documents.
pub(super) fn routes() -> Vec<Route> {
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

/// Returns a valid body, so that a route refuses the request only because of the other tenant's id.
fn body(method: &Method, path: &str, target: &Target) -> Option<Value> {
    let body = match (method.as_str(), path) {
        ("DELETE", "/v1/admin/tenants/{id}") => json!({"reason": "Taken", "grace_days": 0}),
        ("GET" | "DELETE", _) => return None,
        ("PUT", "/v1/advertisers/{id}") => json!({"name": "Taken"}),
        ("PUT", "/v1/dimensions/{name}") => json!({"pointer": "/properties/own"}),
        ("PATCH", "/v1/campaigns/{id}") => json!({"name": "Taken", "advertiser_id": null}),
        ("POST", "/v1/live/tickets") => json!({"campaign_id": CANARY}),
        ("POST", "/v1/annotations") => {
            json!({"at": "2026-03-01", "text": "Own", "scope": "tenant", "campaign_id": CANARY})
        }
        ("PATCH", "/v1/annotations/{id}") => json!({"text": "Taken"}),
        ("POST", "/v1/saved-reports") | ("PUT", "/v1/saved-reports/{id}") => json!({
            "name": Uuid::now_v7(), "visibility": "shared", "kind": "query",
            "request": {"metrics": ["events"]},
        }),
        ("POST", "/v1/cohorts") | ("PUT", "/v1/cohorts/{id}") => {
            cohort(&Uuid::now_v7().to_string())
        }
        ("POST", "/v1/schedules") | ("PUT", "/v1/schedules/{id}") => json!({
            "name": "Own", "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
            "at": "12:00",
        }),
        ("POST", "/v1/reports") => {
            json!({"kind": "query", "request": {"metrics": ["events"], "dimensions": ["campaign"]}})
        }
        ("POST", path) if path.ends_with("/invitation") || path.ends_with("/password-reset") => {
            return None;
        }
        ("PUT", "/v1/security") => json!({"owners_need_second_factor": false}),
        ("PATCH", "/v1/api-keys/{id}") => json!({"name": "Taken"}),
        ("POST", "/v1/api-keys/{id}/rotation") => json!({}),
        ("PATCH", "/v1/users/{id}") => json!({"role": "owner", "disabled": false}),
        ("PUT", "/v1/me/password" | "/v1/admin/me/password") => {
            json!({"current_password": "a wrong one", "password": "at least twelve characters"})
        }
        ("POST", "/v1/users" | "/v1/admin/tenants/{id}/users") => {
            json!({"email": format!("{}@new.example", Uuid::now_v7()), "role": "analyst"})
        }
        ("POST", "/v1/api-keys") => json!({"name": Uuid::now_v7(), "kind": "read"}),
        ("POST", "/v1/admin/tenants/{id}/api-keys") => {
            json!({"name": Uuid::now_v7(), "kind": "collect"})
        }
        ("POST", "/v1/rejects/resubmit" | "/v1/rejects/replay") => json!({"events": [
            {"id": target.reject, "body": {"type": "ad_impression", "campaign_id": CANARY}}]}),
        ("POST", "/v1/parked/release") => json!({}),
        ("POST", "/v1/admin/tenants/{id}/suspend") => json!({"reason": "Taken"}),
        ("POST", "/v1/admin/tenants/{id}/resume") => return None,
        ("POST", "/v1/admin/tenants/{id}/move") => {
            json!({"isolation": "schema", "cluster": "shared"})
        }
        ("POST", "/v1/admin/tenants/{id}/move/back-out") => json!({"reason": "Taken"}),
        ("PATCH", "/v1/admin/tenants/{id}") => json!({"retention_days": 1}),
        ("PUT", "/v1/admin/clusters/{name}") => json!({
            "url": "http://127.0.0.1:1", "writer_user": "w", "writer_password": "w",
            "reader_user": "r", "reader_password": "r",
        }),
        ("POST", "/v1/admin/clusters/{name}/drain" | "/v1/admin/clusters/{name}/resume") => {
            return None;
        }
        ("POST", "/v1/events") => json!([{"type": "page_view"}]),
        ("POST", "/v1/admin/tenants") => json!({
            "id": "t-new", "name": "New", "isolation": "shared", "cluster": "shared",
            "time_zone": "Europe/Berlin", "currency": "EUR",
        }),
        // Questions about everything name no tenant: their answers must not name the other one's data.
        ("POST", "/v1/query") => json!({
            "metrics": ["events", "visitors", "sales"], "time": everything(),
            "dimensions": ["campaign", "ad", "currency"], "compare": {"to": "previous_year"},
            "top": {"n": 100, "by": "events", "others": true},
        }),
        ("POST", "/v1/windows") => json!({
            "metrics": ["events", "sales"], "time": everything(), "window": {"type": "session"},
        }),
        ("POST", "/v1/funnels") => json!({
            "steps": [{"event": "ad_impression"}, {"event": "purchase"}], "time": everything(),
            "hold": "campaign",
        }),
        ("POST", "/v1/retention") => json!({
            "cohort": {"event": "ad_impression"}, "period": "month", "time": everything(),
        }),
        ("POST", "/v1/attribution") => {
            json!({
                "time": everything(), "rules": [{"match": "any"}, {"preset": "criteo_display"}],
                "dimensions": ["campaign", "ad"],
            })
        }
        ("POST", "/v1/exports/events") => json!({"time": everything()}),
        // The other tenant has a visitor with this id.
        ("POST", "/v1/privacy/erase" | "/v1/privacy/export") => json!({"visitors": [CANARY]}),
        // These routes take credentials, but no ids.
        ("POST", path) if path.starts_with("/v1/auth/") => json!({}),
        _ => panic!("{method} {path} needs a body here"),
    };
    Some(body)
}

/// Returns the status for an owner who sends another tenant's ids.
pub(super) fn expected_status(method: &Method, path: &str) -> Option<u16> {
    match (method.as_str(), path) {
        (_, path) if path.starts_with("/v1/admin/") => Some(403),
        ("PUT", "/v1/advertisers/{id}" | "/v1/dimensions/{name}") => Some(200),
        ("GET", "/v1/usage" | "/v1/audit" | "/v1/security" | "/v1/me/sessions") => Some(200),
        ("POST", "/v1/users" | "/v1/api-keys" | "/v1/saved-reports") => Some(201),
        ("POST", "/v1/cohorts" | "/v1/schedules") => Some(201),
        // The campaign is the other tenant's.
        ("POST", "/v1/annotations") => Some(422),
        ("POST", "/v1/live/tickets") => Some(404),
        ("POST", "/v1/query" | "/v1/funnels" | "/v1/retention" | "/v1/attribution") => Some(200),
        ("POST", "/v1/windows") => Some(200),
        // A range of years is a job.
        ("POST", "/v1/exports/events" | "/v1/reports") => Some(202),
        ("POST", "/v1/privacy/erase") => Some(202),
        ("GET", "/v1/parked") => Some(200),
        // Or 409, while the order before is not finished.
        ("POST", "/v1/parked/release") | ("DELETE", "/v1/parked") => None,
        ("POST", "/v1/privacy/export") | ("GET", "/v1/privacy/erasures") => Some(200),
        // The outcome of each is that the reject does not exist.
        ("POST", "/v1/rejects/resubmit" | "/v1/rejects/replay") => Some(202),
        // The owner may have declared one of this name.
        ("DELETE", "/v1/dimensions/{name}") => None,
        (_, path) if path.contains('{') => Some(404),
        _ => None,
    }
}

pub(super) async fn ask(
    platform: &Platform,
    token: Option<&str>,
    (method, path, is_api): &Route,
    target: &Target,
) -> Answer {
    let mut aimed = target.aim(path);
    if path == "/v1/campaigns/{id}/metrics" {
        aimed.push_str("?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z");
    }
    let url = if *is_api { platform.api(&aimed) } else { platform.collector(&aimed) };
    let mut request = platform
        .client()
        .request(method.clone(), url)
        // A tenant id in a header is ignored.
        .header("X-Client-Id", &target.tenant)
        .header("X-Tenant-Id", &target.tenant)
        .timeout(std::time::Duration::from_secs(5));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body(method, path, target) {
        request = request.json(&body);
    }
    Answer::read(request.send().await.unwrap()).await
}
