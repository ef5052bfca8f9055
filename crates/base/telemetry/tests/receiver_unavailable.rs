//! The receiver does not answer.
#![cfg(test)]

use std::{
    net::TcpListener,
    path::PathBuf,
    time::{Duration, Instant},
};

use telemetry::{Counter, LogFormat, TelemetrySettings, TraceSettings, TraceSpan};

#[test]
fn a_receiver_that_does_not_answer_delays_nothing_and_the_spans_are_counted() {
    // The system accepts connections for it; nobody reads them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let traces = TraceSettings { endpoint, ratio: 1.0, trust_parent: false };
    let (log, format, log_filter_file) = ("error".to_owned(), LogFormat::Text, PathBuf::new());
    let settings = TelemetrySettings { log, format, log_filter_file, traces };
    telemetry::init(&settings, "test").unwrap();

    let began = Instant::now();
    for _ in 0..5_000 {
        TraceSpan::of_request("api", "GET", None).unwrap().answered("GET", "/v1/things", 200);
    }
    // One that is waited for would take five seconds.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!(Counter::SpansDropped.value(&["queue_full"]), 5_000 - 4_096);

    let began = Instant::now();
    telemetry::end_traces();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
