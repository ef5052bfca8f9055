//! Batches that are accepted.

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
async fn every_accepted_event_is_in_the_log() {
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
async fn one_bad_event_in_a_thousand_rejects_only_itself_and_is_stored_as_it_was_sent() {
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
    let counts =
        json!({"accepted": 999, "parked": 0, "duplicate_in_batch": 0, "rejected": 1, "retry": 0});
    assert_eq!(answer.body["counts"], counts);

    assert_eq!(collector.logged().await.len(), 999);
    assert_eq!(collector.rejected().await, [events[499].as_bytes()]);
}

#[actix_web::test]
async fn a_batch_of_bad_events_is_refused_event_by_event() {
    let collector = TestCollector::new().await;
    let answer = send(collector.post(r#"[1, {}, {"type":"ad_click","cost":-1}]"#)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.body["code"], "events_rejected");
    assert_eq!(answer.outcomes(), ["rejected"; 3]);
    let counts =
        json!({"accepted": 0, "parked": 0, "duplicate_in_batch": 0, "rejected": 3, "retry": 0});
    assert_eq!(answer.body["counts"], counts);
    assert!(answer.body["receipt_id"].as_str().unwrap().parse::<Uuid>().is_ok());
    let pointers: Vec<_> =
        (0..3).map(|at| answer.body["outcomes"][at]["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["", "/type", "/cost"]);
    let errors = answer.body["outcomes"][2]["errors"].as_array().unwrap();
    let errors: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(errors, ["/cost", "/campaign_id"], "all errors");
    let mut rejects = collector.rejected().await;
    rejects.sort();
    assert_eq!(rejects, [&b"1"[..], br#"{"type":"ad_click","cost":-1}"#, b"{}"]);
}

#[actix_web::test]
async fn the_outcome_lists_the_changes_to_an_event() {
    let collector = TestCollector::new().await;
    let future = Utc::now() + TimeDelta::days(3);
    let body = json!({"client_id": "123.456", "sentAt": null, "batch": [
        {"type": "purchase", "revenue": 5.989999999999998, "currency": "usd"},
        {"type": "page_view", "event_time": future},
        {"type": "page_view"}]});
    let answer = send(collector.post(body.to_string())).await;
    assert_eq!(answer.outcomes(), ["accepted"; 3]);
    let outcomes = &answer.body["outcomes"];
    let warnings = outcomes[0]["warnings"].as_array().unwrap();
    let warned: Vec<_> = warnings
        .iter()
        .map(|warning| (warning["code"].as_str(), warning["pointer"].as_str()))
        .collect();
    let expected = [("normalised", "/currency"), ("rounded", "/revenue")];
    assert_eq!(warned, expected.map(|(code, at)| (Some(code), Some(at))));
    let adjusted = &outcomes[1]["adjusted"][0];
    assert_eq!(adjusted["field"], "event_time");
    assert_eq!(adjusted["from"], json!(future));
    let to: DateTime<Utc> = adjusted["to"].as_str().unwrap().parse().unwrap();
    assert!((Utc::now() - to).num_seconds() < 60);
    let named: Vec<_> = outcomes[2].as_object().unwrap().keys().collect();
    assert_eq!(named, ["event_id", "outcome"], "the third was not changed");
    let logged = collector.logged().await;
    assert!(logged.iter().all(|event| event.visitor_id.as_deref() == Some("123.456")));
    assert!(logged.iter().any(|event| event.event_time == to));
}

#[actix_web::test]
async fn the_form_of_a_body_is_detected() {
    let collector = TestCollector::new().await;
    let one = page_view(Uuid::now_v7());
    let two = page_view(Uuid::now_v7());
    for body in [
        format!("{one}\n{two}\n"),
        format!("\u{feff}[{one},{two}]"),
        json!({"events": [one, two], "sent_at": null}).to_string(),
    ] {
        let answer = send(collector.post(body.clone())).await;
        assert_eq!(answer.outcomes(), ["accepted"; 2], "{body}");
    }
    let sent = json!({"type": "page_view", "sent_at": Utc::now(), "event_id": "order-17"});
    let answer = send(collector.post(sent.to_string())).await;
    assert_eq!(answer.outcomes(), ["accepted"]);
    let again = send(collector.post(sent.to_string())).await;
    assert_eq!(answer.body["outcomes"][0]["event_id"], again.body["outcomes"][0]["event_id"]);
}

#[actix_web::test]
async fn a_reject_is_stored_with_the_fields_of_its_envelope() {
    let collector = TestCollector::new().await;
    let body = r#"{"visitor_id":"v1","events":[{"type":"page_view"},{ "type":"ad_click" }]}"#;
    let answer = send(collector.post(body)).await;
    assert_eq!(answer.outcomes(), ["accepted", "rejected"]);
    let rejects = collector.rejected().await;
    let expected = r#"{ "type":"ad_click" ,"$envelope":{"visitor_id":"v1"}}"#;
    assert_eq!(rejects, [expected.as_bytes()]);
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
async fn only_an_import_key_accepts_old_events() {
    let collector = TestCollector::new().await;
    let long_ago: DateTime<Utc> = "2019-11-24T10:00:00Z".parse().unwrap();
    let event = json!({"type": "page_view", "event_time": long_ago}).to_string();
    let refused = send(collector.post(event.clone())).await;
    assert_eq!(refused.outcomes(), ["rejected"]);
    assert_eq!(refused.body["outcomes"][0]["code"], "too_old");
    let import = collector.post_as(collector.key("acme", KeyKind::Import), event.clone());
    assert_eq!(send(import).await.outcomes(), ["accepted"]);
    let logged = collector.logged().await;
    assert_eq!((logged.len(), logged[0].event_time), (1, long_ago));
    assert_eq!(
        collector.rejected().await,
        [event.as_bytes()],
        "stored, so that it can be resubmitted"
    );
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
async fn requests_in_flight_are_answered_at_shutdown() {
    let collector = TestCollector::new().await;
    let (feed, body) = slow_body();
    let request = collector.post(body).send();
    let (answered, ()) = futures::join!(request, async {
        feed.send("[".into()).unwrap();
        // A request that has not arrived when the collector stops is not one in flight.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let ((), ()) = futures::join!(collector.stop(), async move {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            feed.send("{\"type\":\"page_view\"}]".into()).unwrap();
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
    assert!(ready.is_err(), "the collector should not listen any more");
}
