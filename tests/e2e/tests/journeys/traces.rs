//! A request is followed through log, sinks and ClickHouse by its trace.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use control_plane::ControlPlane;
use log::Offset;
use reqwest::Client;
use serde_json::json;
use settings::Secret;
use stream::{KafkaSettings, LogReader};
use tenancy::TenantRouter;
use testkit::{Platform, ReceivedSpan, Tier, TraceReceiver, eventually};
use warehouse::ClusterSettings;

/// Starts a platform that records every request.
async fn traced(receiver: &TraceReceiver) -> Platform {
    let mut platform = Platform::prepare().await;
    platform.set("FOOTFALL__TELEMETRY__TRACES__ENDPOINT", &receiver.endpoint());
    platform.set("FOOTFALL__TELEMETRY__TRACES__RATIO", "1");
    platform.restart().await;
    platform
}

/// Waits for a span of this name that is `right`.
async fn span(
    receiver: &TraceReceiver,
    name: &str,
    right: impl Fn(&ReceivedSpan) -> bool,
) -> ReceivedSpan {
    eventually(name, async || {
        receiver.spans().into_iter().find(|span| span.name == name && right(span))
    })
    .await
}

/// Returns the header of every record of the log of events.
async fn traceparents(platform: &Platform) -> Vec<Option<String>> {
    let kafka: KafkaSettings = platform.log();
    let control_plane = ControlPlane::connect(&platform.postgres()).await.unwrap();
    let log = LogReader::new(&kafka, TenantRouter::new(Arc::new(control_plane))).unwrap();
    let mut found = Vec::new();
    for (partition, end) in log.ends().await.unwrap() {
        let mut records = log.read_range(partition, Offset::ZERO..end).unwrap();
        while let Some(batch) = records.next(1_000).await.unwrap() {
            let header = |header: &[u8]| String::from_utf8(header.to_vec()).unwrap();
            let entries = batch.entries.iter();
            found.extend(entries.map(|entry| entry.record().traceparent().map(header)));
        }
    }
    found
}

/// Waits until ClickHouse has recorded statements of a trace.
async fn clickhouse_records(trace_id: &str) {
    let ClusterSettings { url, writer_user, writer_password, .. } = testkit::cluster("shared");
    let client = Client::new();
    let ask = async |statement: String| {
        let request = client.post(&url).body(statement);
        let request = request.basic_auth(&writer_user, Some(Secret::expose(&writer_password)));
        request.send().await.unwrap().text().await.unwrap()
    };
    eventually("ClickHouse records the statements of the trace", async || {
        ask("SYSTEM FLUSH LOGS".to_owned()).await;
        let statement = format!(
            "SELECT count() FROM system.opentelemetry_span_log \
             WHERE replaceAll(toString(trace_id), '-', '') = '{trace_id}'"
        );
        // Before its first span the server has no such table.
        let count = ask(statement).await.trim().parse::<u64>().unwrap_or(0);
        (count > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_request_with_events_is_found_in_the_log_in_each_sink_and_in_clickhouse() {
    let receiver = TraceReceiver::start();
    let platform = traced(&receiver).await;
    let tenant = platform.onboard(Tier::Shared).await;
    let event = |_| {
        json!({"type": "ad_impression", "campaign_id": "spring", "event_time": Utc::now(),
               "visitor_id": "v1"})
    };
    let events = (0..5).map(event).collect();
    platform.collect(&tenant.collect_key, &events).await.expect(202);

    let request = span(&receiver, "POST /v1/events", |_| true).await;
    assert_eq!(traceparents(&platform).await, vec![Some(request.traceparent()); 5]);
    let link = (request.trace_id, request.span_id);
    let is_linked = |span: &ReceivedSpan| span.links.contains(&link);
    for sink in ["store", "live", "archive"] {
        let batch = span(&receiver, &format!("process {sink}"), is_linked).await;
        assert_ne!(batch.trace_id, link.0, "{sink}");
        if sink == "store" {
            let of_batch = |span: &ReceivedSpan| span.trace_id == batch.trace_id;
            span(&receiver, "clickhouse_insert", of_batch).await;
            clickhouse_records(&batch.trace_id).await;
        }
    }
}

#[tokio::test]
async fn a_report_is_followed_down_to_its_query() {
    let receiver = TraceReceiver::start();
    let platform = traced(&receiver).await;
    let tenant = platform.onboard(Tier::Shared).await;
    let day = |days| (Utc::now() - TimeDelta::days(days)).date_naive();
    let question = json!({"metrics": ["clicks"], "dimensions": ["campaign"],
        "time": {"from": day(30), "to": day(20)}});
    platform.post(&tenant.read_key, "/v1/query", &question).await.expect(200);

    let request = span(&receiver, "POST /v1/query", |_| true).await;
    let below = |span: &ReceivedSpan| span.trace_id == request.trace_id;
    span(&receiver, "clickhouse_read", below).await;
    clickhouse_records(&request.trace_id).await;
}

#[tokio::test]
async fn without_a_receiver_records_have_no_trace_context_whatever_the_client_sends() {
    let mut platform = Platform::prepare().await;
    platform.restart().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let event = json!([{"type": "ad_impression", "campaign_id": "spring", "visitor_id": "v1"}]);
    let answer = platform
        .client()
        .post(platform.collector("/v1/events"))
        .bearer_auth(&tenant.collect_key)
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .json(&event)
        .send();
    assert_eq!(answer.await.unwrap().status(), 202);
    assert_eq!(traceparents(&platform).await, [None]);
}
