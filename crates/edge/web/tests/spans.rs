//! A log line of a request names the request, in a process of its own: the subscriber is global.

#![cfg(test)]

use std::{
    io,
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpResponse,
    test::{TestRequest, call_service, init_service},
    web::{ServiceConfig, resource},
};
use telemetry::LazySpan;
use tracing_subscriber::{fmt, prelude::*};

/// The log lines of this process.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn routes(config: &mut ServiceConfig) {
    config.service(resource("/warns").get(warns));
}

async fn warns() -> HttpResponse {
    tracing::warn!("first");
    tracing::warn!("second");
    HttpResponse::Ok().finish()
}

#[actix_web::test]
async fn a_log_line_names_the_request_during_which_it_was_written() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing_subscriber::registry().with(LazySpan(layer)).init();

    let app = init_service(web::app("spans", routes)).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = TestRequest::get()
        .uri("/warns")
        .insert_header(("X-Request-Id", "abc-1"))
        .insert_header(("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")));
    call_service(&app, request.to_request()).await;
    tracing::warn!("outside");

    let text = String::from_utf8(std::mem::take(&mut lines.0.lock().unwrap())).unwrap();
    let line = |message: &str| text.lines().find(|line| line.contains(message)).unwrap();
    for message in ["first", "second"] {
        let span = format!(r#"request{{id="abc-1" trace_id="{trace}"}}:"#);
        assert!(line(message).contains(&span), "{text}");
        assert_eq!(line(message).matches("request{").count(), 1, "{text}");
    }
    assert!(!line("outside").contains("request{"), "{text}");
}
