//! The receiver refuses spans.
#![cfg(test)]

use std::path::PathBuf;

use telemetry::{Counter, LogFormat, TelemetrySettings, TraceSettings, TraceSpan};
use testkit::{TraceReceiver, eventually};

#[tokio::test]
async fn spans_that_the_receiver_refuses_are_counted() {
    let receiver = TraceReceiver::answering("400 Bad Request");
    let traces = TraceSettings { endpoint: receiver.endpoint(), ratio: 1.0, trust_parent: false };
    let (log, format, log_filter_file) = ("error".to_owned(), LogFormat::Text, PathBuf::new());
    let settings = TelemetrySettings { log, format, log_filter_file, traces };
    telemetry::init(&settings, "test").unwrap();
    telemetry::register();
    let dropped = |reason| Counter::SpansDropped.value(&[reason]);
    for _ in 0..3 {
        TraceSpan::of_request("api", "GET", None).unwrap().answered("GET", "/v1/things", 200);
    }
    eventually("three spans are dropped", async || (dropped("export_failed") == 3).then_some(()))
        .await;
    assert_eq!(dropped("queue_full"), 0);
}
