use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::TestCollector;

#[actix_web::test]
async fn the_collector_serves_its_description_and_a_page_that_shows_it() {
    let collector = TestCollector::new().await;
    let at = |path: &str| collector.url(path);
    let description = collector.client.get(at("/openapi.json")).send().await.unwrap();
    let description: Value = description.json().await.unwrap();
    assert!(description["paths"]["/v1/events"]["post"].is_object());

    // The client follows the redirect.
    let root = collector.client.get(at("/")).send().await.unwrap();
    assert_eq!(root.url().path(), "/docs");
    let policy = root.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    let page = root.text().await.unwrap();
    for part in ["/docs/docs.css", "/docs/docs.js"] {
        assert!(page.contains(part));
        assert_eq!(collector.client.get(at(part)).send().await.unwrap().status(), StatusCode::OK);
    }
    let documents = collector.client.get(at("/docs/documents.json")).send().await.unwrap();
    let documents: Value = documents.json().await.unwrap();
    assert_eq!(documents, serde_json::json!([{"url": "/openapi.json", "server": ""}]));
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is() {
    let collector = TestCollector::new().await;
    for path in ["/docs", "/docs/docs.js", "/openapi.json", "/healthz", "/readyz"] {
        let ask = async |method| {
            let url = collector.url(path);
            collector.client.request(method, url).send().await.unwrap()
        };
        let get = ask(Method::GET).await;
        let head = ask(Method::HEAD).await;
        assert_eq!(get.status(), head.status(), "{path}");
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(get.headers().get(name), head.headers().get(name), "{path}");
        }
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
    let url = collector.url("/v1/events");
    let none = collector.client.head(url).send().await.unwrap();
    assert_eq!(none.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(none.headers()["allow"], "POST");
}
