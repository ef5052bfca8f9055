//! Spans reach a receiver, in a process of its own: a process has one receiver.
#![cfg(test)]

use std::{collections::BTreeSet, path::PathBuf, sync::LazyLock, time::Duration};

use telemetry::{
    LogFormat, Requests, StoreCall, StoreFailure, TelemetrySettings, TraceSettings, TraceSpan,
    in_span,
};
use testkit::{ReceivedSpan, TraceReceiver, eventually};

static RECEIVER: LazyLock<TraceReceiver> = LazyLock::new(|| {
    let receiver = TraceReceiver::start();
    let traces = TraceSettings { endpoint: receiver.endpoint(), ratio: 1.0, trust_parent: false };
    let (log, format, log_filter_file) = ("warn".to_owned(), LogFormat::Text, PathBuf::new());
    let settings = TelemetrySettings { log, format, log_filter_file, traces };
    telemetry::init(&settings, "test").unwrap();
    receiver
});

/// Returns the span of this name, once it is received.
async fn received(name: &str) -> ReceivedSpan {
    eventually(name, async || RECEIVER.spans().into_iter().find(|span| span.name == name)).await
}

fn traceparent(number: u32, flags: &str) -> String {
    format!("00-{number:032x}-{number:016x}-{flags}")
}

#[tokio::test]
async fn a_request_begins_a_trace_and_links_the_clients() {
    LazyLock::force(&RECEIVER);
    let client = traceparent(7, "01");
    let span = TraceSpan::of_request("collector", "POST", Some(&client)).unwrap();
    let own = in_span(Some(span.clone()), async { telemetry::traceparent() }).await;
    assert_eq!(telemetry::traceparent(), None, "only within the span");
    span.answered("POST", "/v1/first/{id}", 503);

    let found = received("POST /v1/first/{id}").await;
    assert_eq!(Some(found.traceparent()), own);
    assert_eq!(found.links, [(format!("{:032x}", 7), format!("{:016x}", 7))]);
    assert_ne!(found.trace_id, found.links[0].0);
    assert_eq!((found.service.as_str(), found.parent_id.as_str()), ("test", ""));
    assert_eq!(found.attributes["http.response.status_code"], "503");
    assert!(found.has_failed);
}

#[tokio::test]
async fn a_method_that_a_client_makes_up_is_not_in_a_span() {
    LazyLock::force(&RECEIVER);
    let span = TraceSpan::of_request("api", "BREW", None).unwrap();
    span.answered("BREW", "/v1/made-up", 405);
    assert_eq!(received("other /v1/made-up").await.attributes["http.request.method"], "other");
}

#[tokio::test]
async fn a_recorded_request_is_the_exemplar_of_its_bucket() {
    LazyLock::force(&RECEIVER);
    let span = TraceSpan::of_request("api", "GET", None).unwrap();
    let answer = async {
        let took = Duration::from_millis(3);
        Requests::new("exemplars").answered("/v1/third", "GET", 200, took);
        telemetry::traceparent().unwrap()
    };
    let traceparent = in_span(Some(span), answer).await;
    let trace = traceparent.split('-').nth(1).unwrap();
    let bucket = r#"footfall_request_seconds_bucket{method="GET",route="/v1/third",service="exemplars",status="2xx",le="0.005"}"#;
    let start = format!("{bucket} 1 # {{trace_id=\"{trace}\"}} 0.003 ");
    let text = telemetry::render_openmetrics();
    assert!(text.lines().any(|line| line.starts_with(&start)), "{text}");
    assert!(!telemetry::render().contains(trace), "the text format has no exemplars");
}

#[tokio::test]
async fn a_call_to_a_store_is_a_child_of_the_span_around_it() {
    LazyLock::force(&RECEIVER);
    let request = TraceSpan::of_request("api", "GET", None).unwrap();
    let refused = async { Err::<(), _>("refused") };
    let call = StoreCall::Redis.measure(refused, |_| Some(StoreFailure::Refused));
    in_span(Some(request.clone()), call).await.unwrap_err();
    request.answered("GET", "/v1/second", 200);

    let (request, call) = (received("GET /v1/second").await, received("redis").await);
    assert_eq!((call.trace_id, call.parent_id), (request.trace_id, request.span_id));
    assert!(call.has_failed && !request.has_failed);
}

#[tokio::test]
async fn a_batch_links_each_recorded_request_of_its_records_once_and_at_most_128() {
    LazyLock::force(&RECEIVER);
    let not_recorded = [traceparent(900, "00"), "not a traceparent".to_owned()];
    let records =
        (1..=200).flat_map(|number| [traceparent(number, "01"), traceparent(number, "01")]);
    let records: Vec<_> = not_recorded.iter().cloned().chain(records).collect();
    let bytes = |records: &[String]| -> Vec<_> {
        records.iter().map(|record| record.clone().into_bytes()).collect()
    };
    let batch = |records: Vec<Vec<u8>>| {
        TraceSpan::of_batch("store", records.len(), records.iter().map(Vec::as_slice))
    };
    assert!(batch(bytes(&not_recorded)).is_none());
    drop(batch(bytes(&records)).unwrap());

    let found = received("process store").await;
    assert_eq!(found.links.len(), 128);
    assert_eq!(found.links.iter().collect::<BTreeSet<_>>().len(), 128, "each once");
    assert_eq!(found.attributes["messaging.batch.message_count"], "402");
    assert_eq!(found.parent_id, "");
}
