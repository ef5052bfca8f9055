use std::collections::BTreeMap;

use reqwest::{Method, Response, header::HeaderMap};

use crate::stand::{Stand, answer};

/// Returns the headers that GET and HEAD share: all except those that differ between requests, of which the
/// length is one if the body `varies` with each request. The rate limits are left out while Redis is slow.
fn shared(headers: &HeaderMap, varies: bool) -> BTreeMap<String, String> {
    let all = headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let different = ["date", "ratelimit", "ratelimit-policy", "x-request-id", "server-timing"];
    let differs = |name: &str| different.contains(&name) || varies && name == "content-length";
    all.filter(|(name, _)| !differs(name)).collect()
}

/// Returns the paths of GET with ids, and whether each needs a credential.
fn readable(stand: &Stand) -> Vec<(String, bool)> {
    let description = serde_json::to_value(api::openapi()).unwrap();
    let mut paths = vec![
        ("/".to_owned(), false),
        ("/console".to_owned(), false),
        ("/console/".to_owned(), false),
        ("/console/favicon.svg".to_owned(), false),
        ("/console/assets/none.js".to_owned(), false),
        ("/docs".to_owned(), false),
        ("/docs/docs.js".to_owned(), false),
        ("/docs/documents.json".to_owned(), false),
        ("/docs/collector.json".to_owned(), false),
        ("/healthz".to_owned(), false),
        ("/readyz".to_owned(), false),
    ];
    for (path, methods) in description["paths"].as_object().unwrap() {
        if methods.get("get").is_some() {
            let id = if path.starts_with("/v1/admin") { stand.id("acme") } else { "spring".into() };
            paths.push((path.replace("{id}", &id), path.starts_with("/v1")));
        }
    }
    assert!(paths.len() > 15);
    paths
}

#[actix_web::test]
async fn head_is_answered_wherever_get_is_with_the_same_headers_and_no_body() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let owner = stand.token("acme", "owner").await;
    let redirects = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(redirects).build().unwrap();
    for (path, guarded) in readable(&stand) {
        let credential = if path.starts_with("/v1/admin") { &admin } else { &owner };
        let credential = guarded.then_some(credential.as_str());
        let ask = async |method| -> Response {
            let request = client.request(method, stand.url(&path));
            let request = credential
                .into_iter()
                .fold(request, |request, credential| request.bearer_auth(credential));
            request.send().await.unwrap()
        };
        let get = ask(Method::GET).await;
        let head = ask(Method::HEAD).await;
        assert_eq!(get.status(), head.status(), "{path}");
        assert!(get.status().as_u16() < 500, "{path}");
        // Each read of the audit log is recorded in it, and each cluster is timed anew.
        let varies =
            ["/v1/admin/audit", "/v1/admin/clusters", "/v1/audit"].contains(&path.as_str());
        let [of_get, of_head] =
            [get.headers(), head.headers()].map(|headers| shared(headers, varies));
        assert_eq!(of_get, of_head, "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
}

#[actix_web::test]
async fn head_needs_the_credential_that_get_needs() {
    let stand = Stand::new().await;
    for (path, _) in readable(&stand).into_iter().filter(|(_, guarded)| *guarded) {
        let bare = answer(stand.request(Method::HEAD, &path, None)).await;
        assert_eq!(bare.status, 401, "{path}");
        assert!(bare.headers.contains_key("www-authenticate"), "{path}");
        let collect = stand.key("acme", "collect");
        let wrong = answer(stand.request(Method::HEAD, &path, Some(&collect))).await;
        assert_eq!(wrong.status, 403, "{path}");
    }
}

#[actix_web::test]
async fn head_is_allowed_only_where_get_is() {
    let stand = Stand::new().await;
    let wrong = answer(stand.request(Method::PUT, "/v1/campaigns/spring", None)).await;
    let allowed = wrong.headers["allow"].to_str().unwrap();
    let mut allowed: Vec<_> = allowed.split(", ").collect();
    allowed.sort_unstable();
    assert_eq!((wrong.status.as_u16(), allowed), (405, vec!["GET", "HEAD", "PATCH"]));
    let unreadable = answer(stand.request(Method::HEAD, "/v1/auth/login", None)).await;
    assert_eq!(
        (unreadable.status.as_u16(), &unreadable.headers["allow"]),
        (405, &"POST".parse().unwrap())
    );
}
