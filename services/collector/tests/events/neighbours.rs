//! What one credential does that its neighbours must not notice.

use std::time::{Duration, Instant};

use auth::KeyKind;
use bytes::Bytes;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use telemetry::Counter;

use crate::support::*;

/// Requests of which each, once inflated, could need 9 MiB: more than all that the collector has.
const MANY: usize = 40;

/// `[]` as a frame of zstd, whose reader needs the memory of a window, as those of the others do.
const NO_EVENTS: &[u8] = b"\x28\xb5\x2f\xfd\x20\x02\x11\0\0[]";

#[actix_web::test]
async fn slow_compressed_requests_of_one_key_refuse_nobody_else_and_end_soon() {
    let collector = TestCollector::new().await;
    let counted = Counter::InFlightRefused.value(&[]);
    let begin = Instant::now();
    let (feeds, requests): (Vec<_>, Vec<_>) = (0..MANY)
        .map(|_| {
            let (feed, body) = slow_body();
            // The first byte of a zstd frame.
            feed.send(Bytes::from_static(b"\x28")).unwrap();
            (feed, collector.post(body).header("content-encoding", "zstd").send())
        })
        .unzip();
    let others = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for (client_id, kind) in
            [("globex", KeyKind::Collect), ("slow", KeyKind::Collect), ("acme", KeyKind::Import)]
        {
            let request = collector.post_as(collector.key(client_id, kind), NO_EVENTS);
            let answer = send(request.header("content-encoding", "zstd")).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{client_id}: {}", answer.body);
        }
    };
    let (slow, ()) = futures::join!(join_all(requests), others);
    let (mut too_slow, mut refused) = (0, 0);
    for response in slow {
        let answer = answer(response.unwrap()).await;
        match answer.status {
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            StatusCode::REQUEST_TIMEOUT => {
                assert_eq!(answer.body["code"], "body_too_slow");
                assert_eq!(answer.header("retry-after"), "1");
                too_slow += 1;
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    let counted = Counter::InFlightRefused.value(&[]) - counted;
    assert!(refused > 0, "some of them were refused");
    assert!(counted >= refused, "{counted} of {refused} are counted");
    assert!(too_slow > 0, "some of them were read");
    // A body that arrived steadily would have half a minute.
    assert!(begin.elapsed() < Duration::from_secs(20), "they took {:?}", begin.elapsed());
    drop(feeds);
}

#[actix_web::test]
async fn a_body_that_arrives_steadily_has_more_time_than_one_that_stalls() {
    let collector = TestCollector::new().await;
    let (feed, body) = slow_body();
    let piece = Bytes::from(vec![b' '; 4 << 10]);
    let feeding = async {
        feed.send("[".into()).unwrap();
        // For seven seconds: longer than a body that stalls has.
        for _ in 0..7 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            feed.send(piece.clone()).unwrap();
        }
        feed.send("]".into()).unwrap();
        drop(feed);
    };
    let (answer, ()) = futures::join!(send(collector.post(body)), feeding);
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
}

#[actix_web::test]
async fn names_beyond_those_of_a_day_count_for_other_and_the_answer_says_so() {
    let collector = TestCollector::new().await;
    let small = collector.key("small", KeyKind::Collect);
    let click = |campaign: &str, product: &str| {
        json!({"type": "ad_click", "campaign_id": campaign,
            "items": [{"product_id": product, "brand": product}]})
    };
    let batch: Vec<_> = (0..6).map(|n| click(&format!("c{n}"), &format!("p{n}"))).collect();
    let answer = send(collector.post_as(small, json!(batch).to_string())).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    assert_eq!(answer.outcomes(), ["accepted"; 6]);
    let adjusted: Vec<_> = answer.body["outcomes"].as_array().unwrap().iter().collect();
    let others = |field: &str| {
        let adjustments =
            adjusted.iter().flat_map(|it| it["adjusted"].as_array().into_iter().flatten());
        adjustments.filter(|it| it["field"] == *field && it["to"] == "other").count()
    };
    assert_eq!((others("campaign_id"), others("product_id")), (4, 3), "{}", answer.body);
    // Later requests agree, those of a restarted collector too.
    let mut collector = collector;
    collector.restart().await;
    let small = collector.key("small", KeyKind::Collect);
    let again = send(collector.post_as(small, json!(batch).to_string())).await;
    let adjustments = |answer: &Answer| -> Vec<Value> {
        let outcomes = answer.body["outcomes"].as_array().unwrap();
        outcomes.iter().map(|outcome| outcome["adjusted"].clone()).collect()
    };
    assert_eq!(adjustments(&again), adjustments(&answer));
    let events = collector.logged().await;
    let campaigns: std::collections::BTreeSet<_> = events
        .iter()
        .filter_map(|event| event.campaign_id.as_ref())
        .map(|id| id.as_str())
        .collect();
    assert_eq!(campaigns.len(), 3, "two, and `other`: {campaigns:?}");
    assert!(campaigns.contains("other"));
    let replaced = events.iter().flat_map(|it| &it.items).filter(|it| it.product_id == "other");
    assert!(replaced.clone().all(|item| item.brand.is_none()));
    assert_eq!(replaced.count(), 6);
    // Another tenant has names of its own.
    let answer = send(collector.post(json!(batch).to_string())).await;
    assert_eq!(adjustments(&answer), vec![Value::Null; 6]);
}

#[actix_web::test]
async fn rejects_beyond_those_of_a_day_are_refused_and_not_stored() {
    let collector = TestCollector::new().await;
    let small = collector.key("small", KeyKind::Collect);
    for (detail, stored) in [("They are stored", 2), ("Not all", 2), ("Not all", 2)] {
        let answer = send(collector.post_as(small, r#"[{"no":1},{"no":2}]"#)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.outcomes(), ["rejected", "rejected"]);
        assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{}", answer.body);
        assert_eq!(collector.rejected().await.len(), stored);
    }
}

#[actix_web::test]
async fn bytes_are_counted_per_day_and_every_answer_reports_what_is_left() {
    let collector = TestCollector::new().await;
    let small = collector.key("small", KeyKind::Collect);
    let body = json!([{"type": "page_view", "title": "x".repeat(4_000)}]).to_string();
    let mut left = u64::MAX;
    for _ in 0..2 {
        let answer = send(collector.post_as(small, body.clone())).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        let policies = answer.header("ratelimit-policy");
        let policy = r#""bytes-day";q=10000;qu="content-bytes";w=86400"#;
        assert!(policies.starts_with(r#""events";q=1000000;w=10"#), "{policies}");
        assert!(policies.ends_with(policy), "{policies}");
        let (_, bytes) = answer.header("ratelimit").split_once(r#""bytes-day";r="#).unwrap();
        let now = bytes.split(';').next().unwrap().parse().unwrap();
        assert!(now < left, "{now} of {left} are left");
        left = now;
    }
    let refused = send(collector.post_as(small, body.clone())).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.to_string().contains("10000 bytes a day"), "{}", refused.body);
    assert!(refused.header("ratelimit").starts_with(r#""bytes-day";r=0;t="#));
    assert_eq!(send(collector.post(body)).await.status, StatusCode::ACCEPTED, "another tenant");
}

#[actix_web::test]
async fn events_over_the_quota_of_an_hour_are_parked_and_not_in_the_log_of_events() {
    let collector = TestCollector::new().await;
    let parking = collector.key("parking", KeyKind::Collect);
    let two = || json!([{"type": "page_view"}, {"type": "page_view"}]).to_string();
    let accepted = send(collector.post_as(parking, two())).await;
    assert_eq!(accepted.outcomes(), ["accepted", "accepted"]);

    let parked = send(collector.post_as(parking, two())).await;
    assert_eq!(parked.status, StatusCode::ACCEPTED, "{}", parked.body);
    assert_eq!(parked.outcomes(), ["parked", "parked"]);
    assert_eq!(parked.body["counts"]["parked"], 2);
    assert_eq!(parked.body["counts"]["accepted"], 0);
    let ids = |answer: &Answer| {
        let outcomes = answer.body["outcomes"].as_array().unwrap();
        let mut ids: Vec<_> =
            outcomes.iter().map(|it| it["event_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let stored = |events: Vec<events::Event>| {
        let mut ids: Vec<_> = events.iter().map(|event| event.event_id.to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(stored(collector.logged().await), ids(&accepted));
    assert_eq!(stored(collector.parked().await), ids(&parked));

    let refused = send(collector.post_as(parking, two())).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    let body = refused.body.to_string();
    assert!(body.contains("3 events over its quotas a day"), "{body}");
    assert!(refused.header("ratelimit").starts_with(r#""parked-events-day";r=0;t="#));
    assert_eq!(collector.parked().await.len(), 2);
}
