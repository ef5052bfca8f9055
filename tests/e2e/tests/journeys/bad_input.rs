//! Bad input gets a clear answer, affects no other request, and the service keeps running.

use std::io::Write;

use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant, Tier};

/// A body, how it is sent, and the expected answer.
struct Case {
    body: Vec<u8>,
    content_type: &'static str,
    encoding: &'static str,
    status: u16,
    code: &'static str,
}

fn case(body: impl Into<Vec<u8>>, status: u16, code: &'static str) -> Case {
    Case { body: body.into(), content_type: "application/json", encoding: "", status, code }
}

async fn send(platform: &Platform, tenant: &Tenant, case: &Case) -> Answer {
    let mut request = platform
        .client()
        .post(platform.collector("/v1/events"))
        .bearer_auth(&tenant.collect_key)
        .header("Content-Type", case.content_type)
        .body(case.body.clone());
    if !case.encoding.is_empty() {
        request = request.header("Content-Encoding", case.encoding);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// Compresses 64 MiB of spaces to a few kilobytes.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&spaces).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_bad_body_is_refused_with_its_code_and_the_next_good_body_is_accepted() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let many = json!(vec![json!({"type": "page_view"}); 1_001]).to_string();
    let cases = [
        case("", 422, "invalid_field"),
        case("{", 400, "malformed_body"),
        case("[{\"type\":\"page_view\"},]", 400, "malformed_body"),
        case("17", 422, "invalid_field"),
        case("{\"events\":{}}", 422, "invalid_field"),
        case(b"\xff\xfe[]".to_vec(), 422, "invalid_field"),
        case(many, 413, "too_many_events"),
        case(vec![b' '; (1 << 20) + 1], 413, "body_too_large"),
        Case { encoding: "gzip", ..case(bomb(), 413, "body_too_large") },
        Case { encoding: "gzip", ..case("not gzip", 400, "malformed_body") },
        Case { encoding: "compress", ..case("[]", 415, "unsupported_media_type") },
        Case { content_type: "text/html", ..case("[]", 415, "unsupported_media_type") },
    ];
    for case in &cases {
        let answer = send(&platform, &tenant, case).await;
        let sent = String::from_utf8_lossy(&case.body[..case.body.len().min(60)]).into_owned();
        assert_eq!(answer.status.as_u16(), case.status, "{sent}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["code"], case.code, "{sent}: {}", answer.text);
        assert!(answer.json()["request_id"].is_string());

        platform.collect(&tenant.collect_key, &json!([{"type": "page_view"}])).await.expect(202);
    }
}

#[tokio::test]
async fn one_bad_event_of_a_thousand_is_rejected_alone() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let mut events = vec![json!({"type": "ad_impression", "campaign_id": "spring"}); 1_000];
    events[617] = json!({"type": "ad_impression", "campaign_id": "spring", "cost": "a lot"});
    let receipt = platform.collect(&tenant.collect_key, &json!(events)).await.expect(202).json();
    let outcomes = receipt["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 1_000);
    for (place, outcome) in outcomes.iter().enumerate() {
        let expected = if place == 617 { "rejected" } else { "accepted" };
        assert_eq!(outcome["outcome"], expected, "{place}");
    }
    assert_eq!(outcomes[617]["code"], "invalid_value");
    assert_eq!(outcomes[617]["pointer"], "/cost");
    platform.wait_for_count(&tenant, "spring", "impressions", 999).await;
}

#[tokio::test]
async fn the_same_event_twice_in_a_batch_is_reported() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let event = json!({"type": "page_view", "event_id": "018f0000-0000-7000-8000-000000000001"});
    let receipt =
        platform.collect(&tenant.collect_key, &json!([event, event])).await.expect(202).json();
    assert_eq!(receipt["outcomes"][0]["outcome"], "accepted");
    assert_eq!(receipt["outcomes"][1]["outcome"], "duplicate_in_batch");
}

#[tokio::test]
async fn a_wrong_query_is_refused_with_what_it_must_be() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let day = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    for (query, code, pointer) in [
        (format!("{day}&metrics=impressions,ctrr"), "invalid_field", "?metrics"),
        (format!("{day}&granularity=minute"), "invalid_field", "?granularity"),
        (format!("{day}&tz=Mars/Olympus"), "invalid_field", "?tz"),
        ("from=yesterday&to=2026-01-02T00:00:00Z".to_owned(), "invalid_field", "?from"),
        (format!("{day}&grain=hour"), "invalid_field", "?grain"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(), "invalid_range", "?from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(), "invalid_range", "?from"),
        (
            "from=2000-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&granularity=15m".to_owned(),
            "invalid_range",
            "?to",
        ),
    ] {
        let path = format!("/v1/campaigns/spring/metrics?{query}");
        let answer = platform.get(&tenant.owner, &path).await.expect(422).json();
        assert_eq!(answer["code"], code, "{query}: {answer}");
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{query}: {answer}");
        assert!(answer["errors"][0]["reason"].as_str().unwrap().len() > 10, "{answer}");
    }
}

#[tokio::test]
async fn a_wrong_tenant_is_refused_with_its_errors_and_nothing_is_created() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    let wrong: Value = json!({"id": "No Slug", "name": "x", "isolation": "galaxy", "cluster": "shared",
        "time_zone": "Europe/Berlin", "currency": "EUR"});
    let answer = platform.post(&admin, "/v1/admin/tenants", &wrong).await.expect(422).json();
    assert!(answer["errors"][0]["pointer"].is_string(), "{answer}");
    platform.get(&admin, "/v1/admin/tenants/no-slug").await.expect(404);
}
