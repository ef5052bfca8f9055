//! Requests that are refused.

use std::time::{Duration, Instant};

use auth::KeyKind;
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::*;

/// How long a record is tried whose topic does not exist: long enough for the first record of a new producer
/// to a new topic, which is in the same request.
const PUBLISH_TIMEOUT_MS: u64 = 5_000;

/// Content type, encoding, body → status, code, pointer, and a text that the answer must contain.
type Row = (&'static str, &'static str, Vec<u8>, u16, &'static str, &'static str, &'static str);

fn rows() -> Vec<Row> {
    let json = "application/json";
    let lines = "application/x-ndjson";
    let page = "{\"type\":\"page_view\"}";
    let many = |separator: &str| vec![page; 1_001].join(separator);
    let huge = format!("[{}{page}]", " ".repeat(1 << 20)).into_bytes();
    let zeros = vec![b' '; 64 << 20];
    let cut = gzip(page.as_bytes());
    let cut = cut[..cut.len() - 3].to_vec();
    vec![
        (json, "", b"".into(), 422, "invalid_field", "", "array of events"),
        (json, "", b"17".into(), 422, "invalid_field", "", "array of events"),
        (json, "", b"\"[]\"".into(), 422, "invalid_field", "", "array of events"),
        (json, "", b"{}".into(), 422, "invalid_field", "/events", "array of events"),
        (json, "", b"{\"events\":7}".into(), 422, "invalid_field", "/events", "array"),
        (
            json,
            "",
            b"{\"sent_at\":\"noon\",\"events\":[]}".into(),
            422,
            "invalid_field",
            "/sent_at",
            "RFC 3339",
        ),
        (
            json,
            "",
            b"{\"sentAt\":\"2026-03-01T12:00:00\",\"events\":[]}".into(),
            422,
            "invalid_field",
            "/sentAt",
            "no time zone",
        ),
        (json, "", b"\xff\xfe[]".into(), 422, "invalid_field", "", "UTF-8"),
        (json, "", b"[{\"type\":".into(), 400, "malformed_body", "-", "not valid JSON"),
        (json, "", b"[{}],".into(), 400, "malformed_body", "-", "not valid JSON"),
        (json, "", b"[\"\xff\"]".into(), 400, "malformed_body", "-", "not valid JSON"),
        (json, "", format!("[{}]", many(",")).into(), 413, "too_many_events", "-", "1000"),
        (lines, "", many("\n").into(), 413, "too_many_events", "-", "1000"),
        (json, "", huge.clone(), 413, "body_too_large", "-", "1048576"),
        (json, "gzip", gzip(&huge), 413, "body_too_large", "-", "once inflated"),
        (json, "gzip", gzip(&zeros), 413, "body_too_large", "-", "once inflated"),
        (
            json,
            "zstd",
            zstd::encode_all(&*zeros, 3).unwrap(),
            413,
            "body_too_large",
            "-",
            "once inflated",
        ),
        (json, "gzip", b"[]".into(), 400, "malformed_body", "-", "not valid gzip"),
        (json, "gzip", cut, 400, "malformed_body", "-", "not valid gzip"),
        (json, "zstd", b"[]".into(), 400, "malformed_body", "-", "not valid zstd"),
        (json, "br", b"[]".into(), 415, "unsupported_media_type", "-", "`zstd`"),
        (json, "gzip, gzip", b"[]".into(), 415, "unsupported_media_type", "-", "`zstd`"),
        ("", "", b"[]".into(), 415, "unsupported_media_type", "-", "application/json"),
        ("text/csv", "", b"a,b".into(), 415, "unsupported_media_type", "-", "application/x-ndjson"),
        (
            "application/jsonp",
            "",
            b"[]".into(),
            415,
            "unsupported_media_type",
            "-",
            "application/json",
        ),
    ]
}

#[actix_web::test]
async fn an_invalid_body_is_refused_with_what_is_expected() {
    let collector = TestCollector::new().await;
    for (content_type, encoding, body, status, code, pointer, mention) in rows() {
        let length = body.len();
        let shown = String::from_utf8_lossy(&body[..length.min(40)]).into_owned();
        let label = format!("{content_type} {encoding} {shown:?} ({length} bytes)");
        let mut request = collector
            .client
            .post(collector.url("/v1/events"))
            .bearer_auth(collector.key("acme", KeyKind::Collect));
        for (name, value) in [("content-type", content_type), ("content-encoding", encoding)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let begin = Instant::now();
        let answer = send(request.body(body)).await;
        let body = &answer.body;
        assert_eq!(answer.status.as_u16(), status, "{label}: {body}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{label}");
        assert_eq!(body["code"], code, "{label}: {body}");
        if pointer != "-" {
            assert_eq!(body["errors"][0]["pointer"], pointer, "{label}: {body}");
        }
        assert!(body.to_string().contains(mention), "{label}: {body} should mention {mention}");
        assert!(begin.elapsed() < Duration::from_secs(10), "{label} took {:?}", begin.elapsed());
    }
    let good = send(collector.post("[]")).await;
    assert_eq!(good.status, StatusCode::ACCEPTED, "the process still runs");
    assert_eq!(collector.logged().await.len() + collector.rejected().await.len(), 0);
}

#[actix_web::test]
async fn only_keys_that_write_may_send() {
    let collector = TestCollector::new().await;
    let nobody = collector.client.post(collector.url("/v1/events"));
    let cases = [
        (nobody, 401, "credential_missing"),
        (collector.post_as("ff_collect_0000000000000000_00", "[]"), 401, "credential_invalid"),
        (collector.post_as("not.a.token", "[]"), 401, "credential_invalid"),
        (collector.post_as(collector.key("acme", KeyKind::Read), "[]"), 403, "permission_denied"),
    ];
    for (request, status, code) in cases {
        let answer = send(request).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)));
    }
    let wrong = send(collector.client.get(collector.url("/v1/events"))).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[actix_web::test]
async fn without_kafka_and_without_room_in_the_spool_nothing_is_accepted() {
    let brokers = Some("127.0.0.1:1".to_owned());
    let mut options = Options { brokers, spool_bytes: 0, ..Options::default() };
    options.collector.publish_timeout_ms = 300;
    let collector = TestCollector::with(options).await;
    let known = Uuid::now_v7();
    let nameless = json!({"type": "page_view"});
    for body in [json!([page_view(known), nameless]), json!([{}])] {
        let answer = send(collector.post(body.to_string())).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.body["code"], "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("known to be stored"), "{detail}");
        let count = body.as_array().unwrap().len();
        assert_eq!(answer.outcomes(), vec!["retry"; count]);
        if count == 2 {
            let outcomes = &answer.body["outcomes"];
            assert_eq!(outcomes[0]["event_id"], json!(known));
            let generated = outcomes[1]["event_id"].as_str().unwrap();
            assert!(generated.parse::<Uuid>().is_ok(), "the generated id");
        }
    }
    let ready = send(collector.client.get(collector.url("/readyz"))).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.body["checks"]["log"], "failing");
}

#[actix_web::test]
async fn stored_events_are_reported_even_when_others_were_not_stored() {
    let rejects_topic = Some("test-topic-that-does-not-exist");
    let mut options = Options { rejects_topic, spool_bytes: 0, ..Options::default() };
    options.collector.publish_timeout_ms = PUBLISH_TIMEOUT_MS;
    let collector = TestCollector::with(options).await;
    let batch = json!([{"type": 1}, page_view(Uuid::now_v7())]);
    let answer = send(collector.post(batch.to_string())).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.outcomes(), ["retry", "accepted"]);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(collector.logged().await.len(), 1);
}

#[actix_web::test]
async fn a_batch_with_a_retry_is_not_refused_though_nothing_was_accepted() {
    let events_topic = Some("test-topic-that-does-not-exist");
    let mut options = Options { events_topic, spool_bytes: 0, ..Options::default() };
    options.collector.publish_timeout_ms = PUBLISH_TIMEOUT_MS;
    let collector = TestCollector::with(options).await;
    let known = Uuid::now_v7();
    let batch = json!([{"type": 1}, page_view(known)]);
    let answer = send(collector.post(batch.to_string())).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    assert_eq!(answer.outcomes(), ["rejected", "retry"]);
    assert_eq!(answer.body["outcomes"][1]["event_id"], json!(known));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(collector.rejected().await, [br#"{"type":1}"#]);
}

#[actix_web::test]
async fn a_tenant_over_its_rate_is_refused_and_slows_no_other_tenant() {
    let collector = TestCollector::new().await;
    let batch = |count| json!(vec![json!({"type": "page_view"}); count]).to_string();
    let slow = collector.key("slow", KeyKind::Collect);
    assert_eq!(send(collector.post_as(slow, batch(10))).await.status, StatusCode::ACCEPTED);

    let refused = send(collector.post_as(slow, batch(10))).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.body["code"], "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-policy"), r#""events";q=10;w=10"#);
    let events = refused.header("ratelimit").strip_prefix(r#""events";r="#).unwrap();
    let (left, seconds) = events.split_once(";t=").unwrap();
    // Each second gives one back. Had the first batch not counted, the second were not refused.
    assert!(left.parse::<u64>().unwrap() < 10, "{left}");
    assert_eq!(seconds, wait.to_string());

    let globex = collector.key("globex", KeyKind::Collect);
    assert_eq!(send(collector.post_as(globex, batch(10))).await.status, StatusCode::ACCEPTED);
    assert_eq!(collector.logged().await.len(), 20);
}
