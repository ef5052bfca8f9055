//! What operators see of requests: log lines, and metrics on a separate port.

#![cfg(test)]

use std::{io, time::Duration};

use actix_web::{
    HttpResponse,
    http::{Method, StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body},
    web::{Path, ServiceConfig, resource},
};
use lifecycle::Lifecycle;
use problem::{Code, Problem};
use testkit::LogLines;
use web::{Error, Health};

fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/things/{id}").get(thing).put(thing))
        .service(resource("/refused").get(refused))
        .service(resource("/refused/{id}").get(refused))
        .service(resource("/unavailable").get(unavailable))
        .service(resource("/unavailable/{id}").get(unavailable));
    Health::new(&Lifecycle::new())
        .with("redis", || async { Err("connection refused".into()) })
        .configure(config);
}

async fn thing(_id: Path<String>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn refused() -> Result<HttpResponse, Error> {
    Err(Problem::new(Code::AlreadyExists, "There is one already.").into())
}

async fn unavailable() -> Result<HttpResponse, Error> {
    let cause = io::Error::other("10.0.0.7:6379 refused the connection");
    Err(Problem::unavailable(Duration::from_secs(1), cause).naming("The store of things").into())
}

async fn ask(method: Method, path: &str) -> (StatusCode, String) {
    let app = init_service(web::app("observed", routes)).await;
    let request = TestRequest::default().method(method).uri(path).to_request();
    let response = call_service(&app, request).await;
    let status = response.status();
    (status, String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

/// Reads the metrics as a scraper does.
async fn metrics() -> String {
    let app = init_service(web::app("metrics", web::metrics)).await;
    let response = call_service(&app, TestRequest::get().uri("/metrics").to_request()).await;
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let kind = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(kind, "text/plain; version=0.0.4");
    String::from_utf8(read_body(response).await.to_vec()).unwrap()
}

#[actix_web::test]
async fn a_scraper_gets_openmetrics_if_it_accepts_that() {
    let app = init_service(web::app("openmetrics", web::metrics)).await;
    let accepted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let request = TestRequest::get().uri("/metrics").insert_header((header::ACCEPT, accepted));
    let response = call_service(&app, request.to_request()).await;
    let kind = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    assert!(text.ends_with("\n# EOF\n"), "{text}");
}

#[actix_web::test]
async fn a_scraper_that_refuses_openmetrics_does_not_get_it() {
    let app = init_service(web::app("openmetrics", web::metrics)).await;
    for (accepted, is_open) in [
        ("text/plain;q=0.5, Application/OpenMetrics-Text; version=1.0.0", true),
        ("application/openmetrics-text;q=0.5", true),
        ("application/openmetrics-text;version=1.0.0;q=0.0,text/plain", false),
        ("application/openmetrics-text2", false),
    ] {
        let request = TestRequest::get().uri("/metrics").insert_header((header::ACCEPT, accepted));
        let response = call_service(&app, request.to_request()).await;
        let kind = response.headers().get(header::CONTENT_TYPE).unwrap().to_str().unwrap();
        assert_eq!(kind.starts_with("application/openmetrics-text"), is_open, "{accepted}");
    }
}

/// Keeps the log lines of this thread.
fn lines_of_this_thread() -> (LogLines, tracing::subscriber::DefaultGuard) {
    let lines = LogLines::default();
    let writer = lines.clone();
    // While there is one subscriber, tracing disables a line for all threads if it is first
    // reached on a thread without a subscriber.
    let other = tracing_subscriber::fmt().with_writer(io::sink).try_init();
    other.unwrap_or_default();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let log = log.with_max_level(tracing::Level::INFO).finish();
    (lines, tracing::subscriber::set_default(log))
}

#[actix_web::test]
async fn an_answered_request_logs_nothing_and_a_failed_one_logs_its_cause_once() {
    let (lines, _logging) = lines_of_this_thread();
    assert_eq!(ask(Method::GET, "/things/7").await.0, StatusCode::OK);
    assert_eq!(lines.take(), "");

    assert_eq!(ask(Method::GET, "/refused").await.0, StatusCode::CONFLICT);
    let text = lines.take();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(" INFO ") && text.contains("code=\"already_exists\""), "{text}");

    let (status, body) = ask(Method::GET, "/unavailable?ticket=secret").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("The store of things does not answer. Try again."), "{body}");
    assert!(!body.contains("10.0.0.7"), "{body}");
    let text = lines.take();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("ERROR") && text.contains("status=503"), "{text}");
    let why =
        "The store of things does not answer. Try again.: 10.0.0.7:6379 refused the connection";
    assert!(text.contains(why) && !text.contains("secret"), "{text}");
}

#[actix_web::test]
async fn a_refused_or_failed_request_logs_its_route_and_never_its_path() {
    let (lines, _logging) = lines_of_this_thread();
    for (method, path, route) in [
        (Method::GET, "/refused/canary-1?of=canary-2", "/refused/{id}"),
        (Method::GET, "/unavailable/canary-1?of=canary-2", "/unavailable/{id}"),
        (Method::DELETE, "/things/canary-1", "/things/{id}"),
        (Method::GET, "/canary-1/canary-2", "unmatched"),
    ] {
        ask(method, path).await;
        let text = lines.take();
        assert_eq!(text.lines().count(), 1, "{path}: {text}");
        assert!(text.contains(&format!("route=\"{route}\"")), "{path}: {text}");
        assert!(!text.contains("canary"), "{path}: {text}");
    }
}

#[actix_web::test]
async fn a_failing_check_is_logged_once() {
    let (lines, _logging) = lines_of_this_thread();
    let app = init_service(web::app("observed", routes)).await;
    for _ in 0..3 {
        let response = call_service(&app, TestRequest::get().uri("/readyz").to_request()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let text = lines.take();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("check=\"redis\" error=\"connection refused\""), "{text}");
}

#[actix_web::test]
async fn requests_are_counted_by_route_method_and_status_class_and_never_by_path() {
    for (method, path) in [
        (Method::GET, "/things/secret-123"),
        (Method::PUT, "/things/secret-456"),
        (Method::DELETE, "/things/7"),
        (Method::from_bytes(b"BREW").unwrap(), "/secret-789"),
        (Method::GET, "/unavailable"),
    ] {
        ask(method, path).await;
    }
    let text = metrics().await;
    for (method, route, status) in [
        ("GET", "/things/{id}", "2xx"),
        ("PUT", "/things/{id}", "2xx"),
        ("DELETE", "/things/{id}", "4xx"),
        ("other", "unmatched", "4xx"),
        ("GET", "/unavailable", "5xx"),
    ] {
        let labels = format!(
            r#"{{method="{method}",route="{route}",service="observed",status="{status}"}}"#
        );
        let series = format!("footfall_requests_total{labels} ");
        assert!(text.contains(&series), "{series}: {text}");
        assert!(text.contains(&format!("footfall_request_seconds_count{labels} ")), "{text}");
    }
    assert!(!text.contains("secret") && !text.contains("BREW"), "{text}");
}

#[actix_web::test]
async fn metrics_are_served_on_their_own_port_only() {
    assert_eq!(ask(Method::GET, "/metrics").await.0, StatusCode::NOT_FOUND);
    assert!(metrics().await.contains("process_resident_memory_bytes"));
}

#[actix_web::test]
async fn an_operation_of_a_description_has_metrics_before_its_first_request() {
    let description = serde_json::json!({
        "paths": { "/described/{id}": { "get": {}, "delete": {} } }
    });
    web::register_operations("described", &description);
    let text = metrics().await;
    for (method, route) in
        [("GET", "/described/{id}"), ("DELETE", "/described/{id}"), ("GET", "unmatched")]
    {
        for status in ["2xx", "4xx", "5xx"] {
            let series = format!(
                r#"footfall_requests_total{{method="{method}",route="{route}",service="described",status="{status}"}} 0"#
            );
            assert!(text.contains(&series), "{series}: {text}");
        }
    }
}
