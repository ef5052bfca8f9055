//! What becomes of a batch that is taken.

use std::collections::BTreeSet;

use auth::KeyKind;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::*;

#[actix_web::test]
async fn every_form_and_encoding_of_a_body_is_understood() {
    let collector = TestCollector::new().await;
    let event = || page_view(Uuid::now_v7());
    let lines = || format!("{}\n\n{}\r\n", event(), event());
    let bodies: [(&str, String, usize); 6] = [
        ("application/json", json!([event(), event()]).to_string(), 2),
        ("Application/JSON; charset=utf-8", json!({"events": [event()]}).to_string(), 1),
        ("application/json", event().to_string(), 1),
        ("application/json", "[]".to_owned(), 0),
        ("application/x-ndjson", lines(), 2),
        ("application/ndjson", lines(), 2),
    ];
    let mut sent = 0;
    for (content_type, body, events) in bodies {
        for (encoding, bytes) in [
            ("identity", body.clone().into_bytes()),
            ("gzip", gzip(body.as_bytes())),
            ("zstd", zstd::encode_all(body.as_bytes(), 3).unwrap()),
        ] {
            let request = collector.post(bytes).header("content-encoding", encoding);
            let request = request.headers(
                [("content-type".parse().unwrap(), content_type.parse().unwrap())]
                    .into_iter()
                    .collect(),
            );
            let answer = send(request).await;
            let label = format!("{content_type}, {encoding}: {body}");
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{label}");
            // The same ids under another encoding are another batch: each is accepted.
            assert_eq!(answer.outcomes(), vec!["accepted"; events], "{label}");
            assert_eq!(answer.body["counts"]["accepted"], events, "{label}");
            sent += events;
        }
    }
    assert_eq!(collector.logged().await.len(), sent);
}

#[actix_web::test]
async fn what_was_answered_accepted_is_in_the_log() {
    let collector = TestCollector::new().await;
    let mut accepted = BTreeSet::new();
    for _ in 0..5 {
        let events: Vec<_> = (0..200).map(|_| json!({"type": "page_view"})).collect();
        let answer = send(collector.post(json!(events).to_string())).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        let receipt: Uuid = answer.body["receipt_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(receipt.get_version_num(), 7);
        for outcome in answer.body["outcomes"].as_array().unwrap() {
            accepted.insert(outcome["event_id"].as_str().unwrap().parse::<Uuid>().unwrap());
        }
    }
    let logged = collector.logged().await;
    assert_eq!((accepted.len(), logged.len()), (1_000, 1_000));
    assert_eq!(logged.iter().map(|event| event.event_id).collect::<BTreeSet<_>>(), accepted);
}

#[actix_web::test]
async fn one_bad_event_in_a_thousand_rejects_one_event_and_is_kept_as_it_was_sent() {
    let collector = TestCollector::new().await;
    let mut events: Vec<String> =
        (0..1_000).map(|_| page_view(Uuid::now_v7()).to_string()).collect();
    // Spaces, an escape and the order of fields survive.
    events[499] = r#"{ "type":17 ,  "visitor_id":"\u00e9" }"#.to_owned();
    let answer = send(collector.post(format!("[{}]", events.join(",")))).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let mut expected = vec!["accepted"; 1_000];
    expected[499] = "rejected";
    assert_eq!(answer.outcomes(), expected);
    let rejected = &answer.body["outcomes"][499];
    assert_eq!(rejected["code"], "wrong_type");
    assert_eq!(rejected["pointer"], "/type");
    assert!(rejected["reason"].as_str().unwrap().starts_with("must be"), "{rejected}");
    let counts = json!({"accepted": 999, "duplicate_in_batch": 0, "rejected": 1, "retry": 0});
    assert_eq!(answer.body["counts"], counts);

    assert_eq!(collector.logged().await.len(), 999);
    assert_eq!(collector.rejected().await, [events[499].as_bytes()]);
}

#[actix_web::test]
async fn a_batch_of_bad_events_is_answered_event_by_event() {
    let collector = TestCollector::new().await;
    let answer = send(collector.post(r#"[1, {}, {"type":"ad_click"}]"#)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.outcomes(), ["rejected"; 3]);
    let pointers: Vec<_> =
        (0..3).map(|at| answer.body["outcomes"][at]["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["", "/type", "/campaign_id"]);
    let mut kept = collector.rejected().await;
    kept.sort();
    assert_eq!(kept, [&b"1"[..], br#"{"type":"ad_click"}"#, b"{}"]);
}

#[actix_web::test]
async fn the_same_id_twice_in_a_batch_is_stored_once() {
    let collector = TestCollector::new().await;
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let events = json!([page_view(one), page_view(two), page_view(one)]);
    let answer = send(collector.post(events.to_string())).await;
    assert_eq!(answer.outcomes(), ["accepted", "accepted", "duplicate_in_batch"]);
    assert_eq!(answer.body["outcomes"][2]["event_id"], one.to_string());
    assert_eq!(collector.logged().await.len(), 2);
}

#[actix_web::test]
async fn only_an_import_key_brings_history() {
    let collector = TestCollector::new().await;
    let long_ago: DateTime<Utc> = "2019-11-24T10:00:00Z".parse().unwrap();
    for kind in [KeyKind::Collect, KeyKind::Import] {
        let event = json!({"type": "page_view", "event_time": long_ago, "visitor_id": kind});
        let request = collector.post_as(collector.key("acme", kind), event.to_string());
        assert_eq!(send(request).await.outcomes(), ["accepted"]);
    }
    let logged = collector.logged().await;
    let of =
        |kind: &str| logged.iter().find(|event| event.visitor_id.as_deref() == Some(kind)).unwrap();
    assert_eq!(of("import").event_time, long_ago);
    assert!(of("collect").event_time > Utc::now() - TimeDelta::days(31));
    assert_eq!(of("collect").event_time_sent, Some(long_ago));
}

#[actix_web::test]
async fn pages_of_any_origin_may_send() {
    let collector = TestCollector::new().await;
    let preflight = collector
        .client
        .request(reqwest::Method::OPTIONS, collector.url("/v1/events"))
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST");
    let preflight = send(preflight).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    let refused = send(collector.post_as("wrong", "[]")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

#[actix_web::test]
async fn requests_at_hand_are_answered_when_it_stops() {
    let collector = TestCollector::new().await;
    let (feed, body) = slow_body();
    let request = collector.post(body).send();
    let (answered, ()) = futures::join!(request, async {
        feed.send("[").unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let ((), ()) = futures::join!(collector.stop(), async move {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            feed.send("{\"type\":\"page_view\"}]").unwrap();
            drop(feed);
        });
    });
    let answer = answer(answered.unwrap()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.outcomes(), ["accepted"]);
    assert_eq!(collector.logged().await.len(), 1);
    let ready: Result<Value, _> = match collector.client.get(collector.url("/readyz")).send().await
    {
        Ok(response) => response.json().await,
        Err(error) => Err(error),
    };
    assert!(ready.is_err(), "nobody should listen any more");
}
