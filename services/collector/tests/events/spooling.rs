//! Events that arrive while Kafka is unavailable.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{KafkaSwitch, eventually, setting};
use uuid::Uuid;

use crate::support::*;

/// Long enough for the first record of a new producer, whose topic is new, too.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Starts a collector that reaches Kafka through a switch.
async fn switched(spool_bytes: u64) -> (TestCollector, KafkaSwitch) {
    let switch = KafkaSwitch::to(&setting("FOOTFALL__KAFKA__BROKERS"));
    let brokers = Some(switch.address());
    let mut options = Options { brokers, spool_bytes, ..Options::default() };
    options.collector.publish_timeout_ms = TIMEOUT.as_millis().try_into().unwrap();
    (TestCollector::with(options).await, switch)
}

/// Sends events without ids, expects that they are accepted, and returns their generated ids.
async fn accepted(collector: &TestCollector, count: usize) -> BTreeSet<Uuid> {
    let answer = send(collector.post(json!(vec![json!({"type": "page_view"}); count]).to_string()));
    let answer = answer.await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    assert_eq!(answer.outcomes(), vec!["accepted"; count]);
    assert_eq!(answer.header("retry-after"), "");
    ids(&answer.body)
}

fn ids(body: &Value) -> BTreeSet<Uuid> {
    let outcomes = body["outcomes"].as_array().unwrap().iter();
    outcomes.map(|outcome| outcome["event_id"].as_str().unwrap().parse().unwrap()).collect()
}

async fn logged(collector: &TestCollector) -> Vec<Uuid> {
    collector.logged().await.iter().map(|event| event.event_id).collect()
}

async fn drained(collector: &TestCollector) {
    eventually("the spool is drained", async || collector.spool_is_empty().then_some(())).await;
}

#[actix_web::test]
async fn while_kafka_is_unavailable_events_are_accepted_and_reach_the_log_later() {
    let (collector, switch) = switched(1 << 30).await;
    let mut sent = accepted(&collector, 10).await;
    assert!(collector.spool_is_empty(), "the spool is not used while kafka is available");

    switch.cut();
    sent.extend(accepted(&collector, 10).await);
    let begin = Instant::now();
    for _ in 0..20 {
        sent.extend(accepted(&collector, 10).await);
    }
    // If each waited, they would take 20 times as long as one waits.
    assert!(begin.elapsed() < 15 * TIMEOUT, "{:?}: no request waits for kafka", begin.elapsed());
    let rejected = send(collector.post(r#"[{ "type":17 }]"#)).await;
    assert_eq!((rejected.status.as_u16(), rejected.outcomes()), (422, vec!["rejected"]));
    let ready = send(collector.client.get(collector.url("/readyz"))).await;
    assert_eq!((ready.status, &ready.body["checks"]["log"]), (StatusCode::OK, &json!("ok")));

    switch.restore();
    drained(&collector).await;
    assert_eq!(logged(&collector).await.into_iter().collect::<BTreeSet<_>>(), sent);
    assert_eq!(collector.rejected().await, [br#"{ "type":17 }"#]);
    accepted(&collector, 10).await;
    assert!(collector.spool_is_empty(), "kafka is used again");
}

#[actix_web::test]
async fn spooled_events_survive_restarts_of_the_collector() {
    let (mut collector, switch) = switched(1 << 30).await;
    switch.cut();
    let mut sent = BTreeSet::new();
    for _ in 0..3 {
        sent.extend(accepted(&collector, 100).await);
        collector.restart().await;
    }
    switch.restore();
    drained(&collector).await;
    assert_eq!(logged(&collector).await.into_iter().collect::<BTreeSet<_>>(), sent);
}

#[actix_web::test]
async fn a_full_spool_refuses_requests_and_loses_no_accepted_event() {
    let (collector, switch) = switched(100_000).await;
    switch.cut();
    let mut acknowledged = BTreeSet::new();
    let refused = loop {
        assert!(acknowledged.len() < 1_000, "the spool has a limit");
        let answer = send(collector.post(page_view(Uuid::now_v7()).to_string())).await;
        if answer.status != StatusCode::ACCEPTED {
            break answer;
        }
        acknowledged.extend(ids(&answer.body));
    };
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(
        (refused.header("retry-after"), &refused.body["code"]),
        ("1", &json!("unavailable"))
    );
    assert_eq!(refused.outcomes(), ["retry"]);
    switch.restore();
    drained(&collector).await;
    let logged: BTreeSet<_> = logged(&collector).await.into_iter().collect();
    assert!(logged.is_superset(&acknowledged), "{} of {}", logged.len(), acknowledged.len());
    accepted(&collector, 10).await;
}

#[actix_web::test]
async fn a_copy_that_kafka_accepted_late_has_the_same_id() {
    let (collector, switch) = switched(1 << 30).await;
    let first = accepted(&collector, 1).await;
    switch.mute();
    let sent = accepted(&collector, 10).await;
    switch.restore();
    drained(&collector).await;
    let mut copies = logged(&collector).await;
    copies.retain(|id| !first.contains(id));
    assert_eq!(copies.iter().copied().collect::<BTreeSet<_>>(), sent);
    assert_eq!(copies.len(), 20, "one was not acknowledged in time, one came from the spool");
}

#[actix_web::test]
async fn the_spool_of_a_removed_collector_is_sent_without_serving() {
    let (collector, switch) = switched(1 << 30).await;
    switch.cut();
    let sent = accepted(&collector, 100).await;
    collector.stop().await;

    // While Kafka is unavailable, nothing says that the folder may be removed.
    let stopped_early = collector.drain().await.stop().await.unwrap_err();
    assert!(stopped_early.to_string().ends_with("bytes are left in the spool"), "{stopped_early}");
    assert!(!collector.spool_is_empty());

    switch.restore();
    collector.drain().await.run_until_signal().await.unwrap();
    assert!(collector.spool_is_empty());
    assert_eq!(logged(&collector).await.into_iter().collect::<BTreeSet<_>>(), sent);
}

#[actix_web::test]
async fn a_spool_with_a_segment_that_was_set_aside_must_not_be_removed() {
    let (collector, _switch) = switched(1 << 30).await;
    collector.stop().await;
    collector.set_segment_aside();
    let refused = collector.drain().await.run_until_signal().await.unwrap_err();
    assert_eq!(refused.to_string(), "drain failed: 1 segments are left in the spool or set aside");
}
