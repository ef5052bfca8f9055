use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::eventually;

use super::{change, download, ended, events, file, query, queued, seed};
use crate::stand::Stand;

#[actix_web::test]
async fn a_job_makes_the_bytes_of_the_synchronous_answer() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let key = stand.key("acme", "read");
    let funnel = json!({
        "steps": [{"event": "product_view"}, {"event": "purchase"}], "format": "csv",
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    for (kind, route, request, rows) in [
        ("query", "/v1/query", query(), 3),
        ("events", "/v1/exports/events", events(), 2),
        ("funnel", "/v1/funnels", funnel, 2),
    ] {
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
        ("attribution", json!({"time": time, "format": "parquet"}), json!(1)),
        (
            "retention",
            json!({"cohort": {"event": "purchase"}, "periods": 2, "time": time, "format": "arrow"}),
            json!(4),
        ),
        (
            "sessions",
            json!({"from": "2026-03-02", "to": "2026-03-03", "format": "parquet"}),
            json!(1),
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
