use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use testkit::eventually;
use uuid::Uuid;

use crate::{
    query::insert,
    stand::{Answer, Stand, answer},
};

const LIST: &str = "/v1/reports";

/// Two orders of campaigns of different advertisers.
async fn seed(stand: &Stand) {
    let order = |campaign: &str, revenue: u32| {
        json!({
            "type": "purchase", "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign,
            "revenue": revenue.to_string(), "currency": "EUR",
        })
    };
    insert(stand, [order("spring", 7), order("winter", 70)]).await;
}

fn query() -> Value {
    json!({
        "metrics": ["sales", "orders"], "dimensions": ["campaign"], "format": "csv",
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
    })
}

fn events() -> Value {
    json!({"time": {"from": "2026-03-02", "to": "2026-03-03"}, "format": "ndjson"})
}

/// Queues a job. Returns the path to it.
async fn queued(stand: &Stand, credential: &str, kind: &str, request: Value) -> String {
    let order = json!({"kind": kind, "request": request});
    let queued = stand.post(LIST, Some(credential), order).await;
    assert_eq!(queued.status, 202, "{}", queued.body);
    let path = queued.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("{LIST}/{}", queued.body["id"].as_str().unwrap()));
    path
}

/// Waits until a job has reached a state in which it stays. Returns it.
async fn ended(stand: &Stand, path: &str, credential: &str) -> Value {
    eventually("the job has ended", async || {
        let job = stand.get(path, credential).await.body;
        (!matches!(job["state"].as_str(), Some("queued" | "running"))).then_some(job)
    })
    .await
}

async fn file(stand: &Stand, path: &str, credential: &str) -> (HeaderMap, Bytes) {
    let request = stand.request(Method::GET, &format!("{path}/download"), Some(credential));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    (response.headers().clone(), response.bytes().await.unwrap())
}

async fn download(stand: &Stand, path: &str, credential: &str) -> Answer {
    stand.get(&format!("{path}/download"), credential).await
}

/// Asks with `Prefer: respond-async`.
async fn preferring(stand: &Stand, path: &str, credential: &str, body: Value) -> Answer {
    let request = stand.request(Method::POST, path, Some(credential)).json(&body);
    answer(request.header("Prefer", "respond-async")).await
}

/// Connects as an operator would, past row-level security.
async fn database(stand: &Stand) -> PgPool {
    PgPool::connect(stand.database.url()).await.unwrap()
}

/// Runs a statement about one job.
async fn change(stand: &Stand, path: &str, statement: &'static str) {
    let mut transaction = database(stand).await.begin().await.unwrap();
    sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let changed = sqlx::query(statement).bind(id).execute(&mut *transaction).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    transaction.commit().await.unwrap();
}

#[actix_web::test]
async fn a_job_makes_the_bytes_of_the_synchronous_answer() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    for (kind, route, request, rows) in
        [("query", "/v1/query", query(), 3), ("events", "/v1/exports/events", events(), 2)]
    {
        let path = queued(&stand, &key, kind, request.clone()).await;
        let job = ended(&stand, &path, &key).await;
        assert_eq!(job["state"], "done", "{job}");
        let (headers, bytes) = file(&stand, &path, &key).await;
        let at_once = stand.request(Method::POST, route, Some(&key)).json(&request);
        let at_once = at_once.send().await.unwrap();
        for header in ["content-type", "content-disposition"] {
            assert_eq!(headers[header], at_once.headers()[header], "{kind} {header}");
        }
        assert_eq!(bytes, at_once.bytes().await.unwrap(), "{kind}");

        let hash = Sha256::digest(&bytes);
        let digest = format!("sha-256=:{}:", STANDARD.encode(hash.as_slice()));
        assert_eq!(headers["repr-digest"], digest);
        assert_eq!(headers["content-length"], bytes.len().to_string());
        let manifest = &job["manifest"];
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(manifest["sha256"], hex);
        assert_eq!((&manifest["rows"], &manifest["bytes"]), (&json!(rows), &json!(bytes.len())));
        assert_eq!((&manifest["query"], &job["progress"]["rows"]), (&request, &json!(rows)));
        assert_eq!(manifest["from"], "2026-03-01T23:00:00Z");
    }
}

#[actix_web::test]
async fn a_preference_makes_a_job_of_a_query_and_of_an_export() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    let mut wanted = query();
    wanted.as_object_mut().unwrap().remove("format");
    for (route, body) in [("/v1/query", wanted), ("/v1/exports/events", events())] {
        let accepted = preferring(&stand, route, &key, body).await;
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        assert_eq!(accepted.headers["preference-applied"], "respond-async");
        let path = accepted.headers["location"].to_str().unwrap();
        assert_eq!(ended(&stand, path, &key).await["state"], "done");
    }
    let wrong = preferring(&stand, "/v1/query", &key, json!({"metrics": ["clics"]})).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["code"]), (422, &json!("invalid_field")));
    // A long export is a job, preferred or not.
    let long = json!({"time": {"from": "2025-11-01", "to": "2026-03-01"}});
    let accepted = stand.post("/v1/exports/events", Some(&key), long).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert!(!accepted.headers.contains_key("preference-applied"));
}

#[actix_web::test]
async fn reports_of_every_kind_and_form_can_be_jobs() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    let time = json!({"from": "2026-03-02", "to": "2026-03-03"});
    let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
    for (kind, request, rows) in [
        ("attribution", json!({"time": time}), Value::Null),
        ("funnel", json!({"steps": steps, "time": time}), Value::Null),
        (
            "retention",
            json!({"cohort": {"event": "purchase"}, "period": "day", "time": time}),
            Value::Null,
        ),
        ("sessions", json!({"from": "2026-03-02", "to": "2026-03-03"}), Value::Null),
        (
            "windows",
            json!({
                "metrics": ["orders"], "time": time,
                "window": {"type": "tumbling", "size": "6h"},
            }),
            json!(4),
        ),
        ("query", json!({"metrics": ["orders"], "time": time}), json!(1)),
        ("query", json!({"metrics": ["orders"], "time": time, "format": "parquet"}), json!(2)),
        ("query", json!({"metrics": ["orders"], "time": time, "format": "arrow"}), json!(2)),
        ("events", json!({"time": time, "format": "parquet"}), json!(2)),
        ("events", json!({"time": time, "format": "arrow"}), Value::Null),
    ] {
        let magic: &[u8] = match request["format"].as_str() {
            Some("parquet") => b"PAR1",
            Some("arrow") => b"ARROW1",
            _ => b"{",
        };
        let path = queued(&stand, &key, kind, request).await;
        let job = ended(&stand, &path, &key).await;
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!(job["manifest"]["rows"], rows, "{job}");
        let (_, bytes) = file(&stand, &path, &key).await;
        assert_eq!(job["manifest"]["bytes"], bytes.len(), "{kind}");
        assert!(bytes.starts_with(magic), "{kind}");
    }
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
async fn an_expired_file_is_gone() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = queued(&stand, &key, "query", query()).await;
    ended(&stand, &path, &key).await;
    assert_eq!(download(&stand, &path, &key).await.status, 200);
    change(&stand, &path, "UPDATE report_job SET expires_at = now() WHERE job_id = $1").await;
    assert_eq!(download(&stand, &path, &key).await.status, 410);
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
async fn who_asked_and_owners_see_a_job_and_nobody_else() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let path = queued(&stand, &analyst, "query", query()).await;
    assert_eq!(ended(&stand, &path, &owner).await["state"], "done");
    file(&stand, &path, &owner).await;
    for other in [
        stand.token("acme", "advertiser").await,
        stand.key("acme", "read"),
        stand.token("globex", "owner").await,
        stand.key("globex", "read"),
    ] {
        assert!(stand.get(LIST, &other).await.body["data"].as_array().unwrap().is_empty());
        assert_eq!(stand.get(&path, &other).await.status, 404);
        assert_eq!(download(&stand, &path, &other).await.status, 404);
        assert_eq!(stand.send(Method::DELETE, &path, &other, Value::Null).await.status, 404);
    }
    file(&stand, &path, &analyst).await;
}

#[actix_web::test]
async fn an_advertisers_job_has_the_numbers_of_its_campaigns_and_no_events() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let advertiser = stand.token("acme", "advertiser").await;
    let path = queued(&stand, &advertiser, "query", query()).await;
    assert_eq!(ended(&stand, &path, &advertiser).await["state"], "done");
    let (_, bytes) = file(&stand, &path, &advertiser).await;
    let csv = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(csv.contains("spring") && !csv.contains("winter"), "{csv}");
    let order = json!({"kind": "events", "request": events()});
    let refused = stand.post(LIST, Some(&advertiser), order).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["code"]),
        (403, &json!("permission_denied"))
    );
    // The limit of that time: one who is limited otherwise now does not see it.
    let other = "UPDATE report_job SET advertiser_id = 'orbit' WHERE job_id = $1";
    change(&stand, &path, other).await;
    assert_eq!(stand.get(&path, &advertiser).await.status, 404);
}

#[actix_web::test]
async fn a_job_of_a_revoked_user_fails() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let path = queued(&stand, &analyst, "query", query()).await;
    ended(&stand, &path, &analyst).await;
    let again = "UPDATE report_job SET state = 'queued', user_version = user_version - 1, finished_at = NULL,
        sha256 = NULL, expires_at = NULL WHERE job_id = $1";
    change(&stand, &path, again).await;
    let job = ended(&stand, &path, &owner).await;
    assert_eq!(
        (&job["state"], &job["failure"]["code"]),
        (&json!("failed"), &json!("credential_invalid"))
    );
    assert_eq!(download(&stand, &path, &owner).await.status, 404);
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
async fn a_file_that_is_not_the_one_of_the_manifest_is_not_downloaded() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = queued(&stand, &key, "query", query()).await;
    ended(&stand, &path, &key).await;
    let job = path.rsplit('/').next().unwrap();
    let stored = format!("reports/{}/{job}/1", stand.id("acme"));
    let stored = stand.files.path().join(stored);
    let bytes = std::fs::read(&stored).unwrap();
    std::fs::write(&stored, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(download(&stand, &path, &key).await.status, 500);
    std::fs::remove_file(&stored).unwrap();
    assert_eq!(download(&stand, &path, &key).await.status, 410);
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

#[actix_web::test]
async fn no_attempt_writes_events_for_a_credential_that_sees_only_some_campaigns() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let advertiser = stand.token("acme", "advertiser").await;
    let path = queued(&stand, &advertiser, "query", query()).await;
    ended(&stand, &path, &advertiser).await;
    // As if no route had refused it.
    let events = "UPDATE report_job SET state = 'queued', kind = 'events', request = '{}', finished_at = NULL,
        sha256 = NULL, expires_at = NULL WHERE job_id = $1";
    change(&stand, &path, events).await;
    let job = ended(&stand, &path, &advertiser).await;
    assert_eq!(job["failure"]["code"], "permission_denied", "{job}");
}

#[actix_web::test]
async fn an_expired_file_is_removed_also_behind_one_that_cannot_be() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let mut jobs = Vec::new();
    for _ in 0..2 {
        let path = queued(&stand, &key, "query", query()).await;
        ended(&stand, &path, &key).await;
        let job = path.rsplit('/').next().unwrap();
        let folder = stand.files.path().join(format!("reports/{}/{job}", stand.id("acme")));
        assert!(folder.join("1").is_file());
        jobs.push((path, folder));
    }
    let [(stuck, in_the_way), (path, folder)] = jobs.try_into().unwrap();
    std::fs::remove_file(in_the_way.join("1")).unwrap();
    std::fs::create_dir_all(in_the_way.join("1/not-a-file")).unwrap();
    for path in [&stuck, &path] {
        change(&stand, path, "UPDATE report_job SET expires_at = now() WHERE job_id = $1").await;
    }
    eventually("the file is removed", async || {
        let state = stand.get(&path, &key).await.body["state"].clone();
        (state == "expired").then(|| assert!(!folder.exists()))
    })
    .await;
    assert_eq!(stand.get(&stuck, &key).await.body["state"], "done", "it is tried again");
}
