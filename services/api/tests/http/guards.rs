use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::stand::{Stand, answer};

/// The id of nothing, in the form that the strictest path asks for: only the credential decides about the answer.
const NOBODYS: &str = "018f0000-0000-7000-8000-000000000000";

/// Returns every operation of the document, with ids that do not exist.
fn operations() -> Vec<(Method, String, String)> {
    let description = serde_json::to_value(api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            operations.push((method, path.clone(), path.replace("{id}", NOBODYS)));
        }
    }
    assert!(operations.len() > 20);
    operations
}

fn is_public(path: &str) -> bool {
    api::PUBLIC_ROUTES.contains(&path)
}

#[actix_web::test]
async fn only_public_routes_answer_without_a_credential() {
    let stand = Stand::new().await;
    for (method, path, filled) in operations() {
        let got = answer(stand.request(method.clone(), &filled, None)).await;
        let challenged = got.headers.contains_key("www-authenticate");
        if is_public(&path) {
            assert_ne!(got.body["code"], "credential_missing", "{method} {path}");
        } else {
            assert_eq!(got.body["code"], "credential_missing", "{method} {path}: {got:?}");
            assert!(got.status == 401 && challenged, "{method} {path}: {got:?}");
        }
    }
}

#[actix_web::test]
async fn a_key_that_sends_events_reads_nothing() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "collect");
    for (method, path, filled) in operations().into_iter().filter(|(_, path, _)| !is_public(path)) {
        let got = answer(stand.request(method.clone(), &filled, Some(&key))).await;
        assert_eq!(got.body["code"], "permission_denied", "{method} {path}: {got:?}");
        assert_eq!(got.status, 403);
    }
}

#[actix_web::test]
async fn tenants_and_admins_may_not_use_each_others_routes() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let admin = stand.access_token("admin@test.example").await;
    for (method, path, filled) in operations().into_iter().filter(|(_, path, _)| !is_public(path)) {
        let stranger = if path.starts_with("/v1/admin") { &owner } else { &admin };
        let got = answer(stand.request(method.clone(), &filled, Some(stranger))).await;
        assert_eq!(got.body["code"], "permission_denied", "{method} {path}: {got:?}");
    }
}

#[actix_web::test]
async fn requests_that_no_handler_answers_are_problems() {
    let stand = Stand::new().await;
    let wrong = answer(stand.request(Method::DELETE, "/v1/campaigns", None)).await;
    assert_snapshot!("a_wrong_method", stand.shown(&wrong));
    let unknown = answer(stand.request(Method::GET, "/v2/anything", None)).await;
    assert_snapshot!("an_unknown_path", stand.shown(&unknown));
    let bare = answer(stand.request(Method::GET, "/v1/campaigns", None)).await;
    assert_snapshot!("no_credential", stand.shown(&bare));
    let collect = stand.get("/v1/campaigns", &stand.key("acme", "collect")).await;
    assert_snapshot!("a_credential_without_the_permission", stand.shown(&collect));
}

#[actix_web::test]
async fn the_page_of_the_documents_loads_nothing_external() {
    let stand = Stand::new().await;
    let page = stand.request(Method::GET, "/docs", None).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(policy.contains("connect-src 'self' http://127.0.0.1:8081;"), "{policy}");
    let text = page.text().await.unwrap();
    assert!(!text.contains("http://") && !text.contains("https://"));
    for part in ["/docs/docs.js", "/docs/docs.css", "/openapi.json"] {
        assert!(text.contains(part));
        let part = stand.request(Method::GET, part, None).send().await.unwrap();
        assert_eq!(part.status(), 200);
    }
}

#[actix_web::test]
async fn the_page_shows_the_collectors_document_too() {
    let stand = Stand::new().await;
    let documents = answer(stand.request(Method::GET, "/docs/documents.json", None)).await;
    let expected = json!([
        {"url": "/openapi.json", "server": ""},
        {"url": "/docs/collector.json", "server": "http://127.0.0.1:8081"},
    ]);
    assert_eq!(documents.body, expected);
    for document in documents.body.as_array().unwrap() {
        let url = document["url"].as_str().unwrap();
        let shown = answer(stand.request(Method::GET, url, None)).await;
        assert!(shown.body["paths"].is_object(), "{url}");
    }
}
