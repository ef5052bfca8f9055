use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;

use super::{LIST, change, download, ended, events, file, query, queued, seed};
use crate::stand::{Answer, Stand, answer};

/// Asks with `Prefer: respond-async`.
async fn preferring(stand: &Stand, path: &str, credential: &str, body: Value) -> Answer {
    let request = stand.request(Method::POST, path, Some(credential)).json(&body);
    answer(request.header("Prefer", "respond-async")).await
}

#[actix_web::test]
async fn a_preference_makes_a_job_of_every_report() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    let mut wanted = query();
    wanted.as_object_mut().unwrap().remove("format");
    let time = json!({"from": "2026-03-02", "to": "2026-03-03"});
    let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
    let window = json!({"type": "tumbling", "size": "6h"});
    for (route, body) in [
        ("/v1/query", wanted),
        ("/v1/exports/events", events()),
        ("/v1/funnels", json!({"steps": steps, "time": time, "format": "csv"})),
        ("/v1/retention", json!({"cohort": {"event": "purchase"}, "time": time})),
        ("/v1/windows", json!({"metrics": ["orders"], "time": time, "window": window})),
        ("/v1/attribution", json!({"time": time, "dimensions": ["ad"], "format": "parquet"})),
    ] {
        let accepted = preferring(&stand, route, &key, body).await;
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        assert_eq!(accepted.headers["preference-applied"], "respond-async");
        let path = accepted.headers["location"].to_str().unwrap();
        let job = ended(&stand, path, &key).await;
        assert_eq!(job["state"], "done", "{job}");
        // An api of the release before knows a `format` of queries and exports alone.
        assert!(route == "/v1/query" || job["request"]["format"] != "json", "{job}");
    }
    let path = "/v1/sessions?from=2026-03-02&to=2026-03-03&format=csv";
    let request = stand.request(Method::GET, path, Some(&key));
    let accepted = answer(request.header("Prefer", "respond-async")).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    let job = ended(&stand, accepted.headers["location"].to_str().unwrap(), &key).await;
    assert_eq!((&job["state"], &job["manifest"]["rows"]), (&json!("done"), &json!(1)));
    assert!(job["manifest"]["file"].as_str().unwrap().ends_with(".csv"), "{job}");

    let wrong = preferring(&stand, "/v1/query", &key, json!({"metrics": ["clics"]})).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["code"]), (422, &json!("invalid_field")));
    // A long export is a job, preferred or not.
    let long = json!({"time": {"from": "2025-11-01", "to": "2026-03-01"}});
    let accepted = stand.post("/v1/exports/events", Some(&key), long).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert!(!accepted.headers.contains_key("preference-applied"));
}

#[actix_web::test]
async fn a_job_of_a_killed_api_is_taken_over_and_fails_plainly_after_three() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    for (earlier, state) in [
        ("UPDATE report_job SET state = 'running', attempts = 1, claimed_until = now(), finished_at = NULL,
              sha256 = NULL, expires_at = NULL WHERE job_id = $1", "done"),
        ("UPDATE report_job SET state = 'running', attempts = 3, failed_attempts = 2,
              claimed_until = now(), finished_at = NULL, sha256 = NULL, expires_at = NULL
          WHERE job_id = $1", "failed"),
    ] {
        let path = queued(&stand, &key, "query", query()).await;
        ended(&stand, &path, &key).await;
        change(&stand, &path, earlier).await;
        let job = eventually("another process has taken the job", async || {
            let job = stand.get(&path, &key).await.body;
            (job["state"] == state).then_some(job)
        })
        .await;
        match state {
            "done" => {
                assert_eq!(job["attempts"], 2);
                let (_, bytes) = file(&stand, &path, &key).await;
                assert_eq!(job["manifest"]["bytes"], bytes.len());
            }
            _ => assert_eq!(job["failure"]["code"], "internal", "{job}"),
        }
    }
}

#[actix_web::test]
async fn a_job_is_cancelled_and_a_done_one_gives_up_its_file() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = queued(&stand, &key, "query", query()).await;
    ended(&stand, &path, &key).await;
    // As if it waited for its turn.
    let waiting = "UPDATE report_job SET state = 'queued', claim_after = now() + interval '1 hour',
        finished_at = NULL, sha256 = NULL, expires_at = NULL WHERE job_id = $1";
    change(&stand, &path, waiting).await;
    assert_eq!(stand.send(Method::DELETE, &path, &key, Value::Null).await.status, 204);
    let cancelled = stand.get(&path, &key).await.body;
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    assert_eq!(download(&stand, &path, &key).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &key, Value::Null).await.status, 204);

    let path = queued(&stand, &key, "query", query()).await;
    ended(&stand, &path, &key).await;
    assert_eq!(stand.send(Method::DELETE, &path, &key, Value::Null).await.status, 204);
    let gone = download(&stand, &path, &key).await;
    assert_eq!((gone.status.as_u16(), &gone.body["code"]), (410, &json!("gone")));
}

#[actix_web::test]
async fn a_tenant_has_twenty_jobs_in_the_queue() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = queued(&stand, &key, "query", query()).await;
    ended(&stand, &path, &key).await;
    let waiting = "INSERT INTO report_job (client_id, job_id, state, kind, request, asked_by, authority,
            created_at, claim_after)
        SELECT client_id, gen_random_uuid(), 'queued', kind, request, asked_by, authority, created_at,
            now() + interval '1 hour'
        FROM report_job WHERE job_id = $1";
    for _ in 0..20 {
        change(&stand, &path, waiting).await;
    }
    let order = json!({"kind": "query", "request": query()});
    let refused = stand.post(LIST, Some(&key), order.clone()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("limit_reached")));
    let theirs = stand.key("globex", "read");
    assert_eq!(stand.post(LIST, Some(&theirs), order).await.status, 202);
    let listed = stand.get(&format!("{LIST}?limit=5"), &key).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 5);
    assert!(listed.headers.contains_key("link"));
}

#[actix_web::test]
async fn a_wrong_request_is_refused_below_its_pointer() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    for (kind, request, pointer) in [
        ("query", json!({"metrics": ["sales"], "tops": 5}), "/request/tops"),
        ("events", json!({"format": "xlsx"}), "/request/format"),
        ("invoice", json!({}), "/kind"),
    ] {
        let order = json!({"kind": kind, "request": request});
        let refused = stand.post(LIST, Some(&key), order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
}

#[actix_web::test]
async fn a_request_that_is_too_large_for_a_job_is_refused_by_preference_too() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let names: Vec<_> =
        (0..1_000).map(|one| format!("campaign-with-a-long-name-{one:06}")).collect();
    let mut wanted = query();
    wanted["filters"] = json!({"dimension": "campaign", "in": names});
    let refused = preferring(&stand, "/v1/query", &key, wanted).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (413, &json!("body_too_large")));
}
