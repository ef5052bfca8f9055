//! Answers that depend on no credential: problems, health and headers.

use actix_web::{
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body},
};
use serde_json::Value;

use crate::platformlet::{Platformlet, ask};

#[actix_web::test]
async fn unknown_paths_and_internal_errors_are_problems_too() {
    let on = Platformlet::new();
    let (status, headers, body) = ask(&on, "/nowhere", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
    assert!(body.contains("not_found"), "{body}");

    let (status, _, body) = ask(&on, "/broken", None).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body.contains("hunter2"), "{body}");

    let app = init_service(web::app("test", on.routes())).await;
    let response = call_service(&app, TestRequest::post().uri("/tenant").to_request()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET, HEAD");
    let body: Value = serde_json::from_slice(&read_body(response).await).unwrap();
    assert_eq!(body["code"], "method_not_allowed");
}

#[actix_web::test]
async fn readiness_names_the_failing_check() {
    let on = Platformlet::new();
    assert_eq!(ask(&on, "/healthz", None).await.0, StatusCode::OK);
    let (status, _, body) = ask(&on, "/readyz", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["checks"]["good"], "ok");
    assert_eq!(body["checks"]["bad"], "failing");
    assert!(!body.to_string().contains("no answer"));
}

#[actix_web::test]
async fn a_response_forbids_caching_and_content_sniffing() {
    let on = Platformlet::new();
    let (_, headers, _) = ask(&on, "/healthz", None).await;
    assert_eq!(headers.get(header::X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
    assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
}
