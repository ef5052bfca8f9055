//! Pages of other origins: which may send requests, and which may read the answer.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::eventually;

use crate::stand::{Stand, answer};

const ACMES: &str = "https://console.acme.example";
const GLOBEXES: &str = "http://localhost:5173";

async fn list(stand: &Stand, tenant: &str, origins: &[&str]) {
    stand.apply(tenant, json!({"origins": origins})).await;
    let listed = async || {
        let context = stand.context(tenant).await;
        context.origins().iter().map(|origin| origin.to_string()).collect::<Vec<_>>()
    };
    eventually("listed", async || (listed().await == origins).then_some(())).await;
}

async fn with_origin(
    stand: &Stand,
    method: Method,
    path: &str,
    credential: Option<&str>,
    origin: &str,
) -> Response {
    let request = stand.request(method, path, credential).header("Origin", origin);
    request.send().await.unwrap()
}

fn header(response: &Response, name: &str) -> String {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap().to_lowercase()).collect::<Vec<_>>().join(", ")
}

async fn preflight(stand: &Stand, origin: &str) -> Response {
    let request = stand.request(Method::OPTIONS, "/v1/campaigns", None);
    let request = request.header("Origin", origin).header("Access-Control-Request-Method", "GET");
    request.header("Access-Control-Request-Headers", "authorization").send().await.unwrap()
}

/// Waits until a preflight of `origin` has the expected answer.
async fn preflight_allows(stand: &Stand, origin: &str, expected: bool) -> Response {
    eventually(origin, async || {
        let answer = preflight(stand, origin).await;
        let allowed = header(&answer, "access-control-allow-origin");
        (allowed == if expected { origin } else { "" }).then_some(answer)
    })
    .await
}

#[actix_web::test]
async fn a_preflight_allows_an_origin_that_any_tenant_lists() {
    let stand = Stand::new().await;
    preflight_allows(&stand, ACMES, false).await;
    list(&stand, "acme", &[ACMES]).await;
    list(&stand, "globex", &[GLOBEXES]).await;
    for origin in [ACMES, GLOBEXES] {
        let answer = preflight_allows(&stand, origin, true).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert!(header(&answer, "access-control-allow-headers").contains("authorization"));
        assert!(header(&answer, "access-control-allow-methods").contains("patch"));
        assert!(header(&answer, "vary").contains("origin"));
        assert_eq!(header(&answer, "access-control-allow-credentials"), "");
    }
    for other in ["https://evil.example", "http://console.acme.example", "null", "*"] {
        let answer = preflight(&stand, other).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "", "{other}");
    }
    list(&stand, "acme", &[]).await;
    preflight_allows(&stand, ACMES, false).await;
}

#[actix_web::test]
async fn an_answer_is_readable_from_the_origins_of_its_own_tenant_only() {
    let stand = Stand::new().await;
    list(&stand, "acme", &[ACMES]).await;
    list(&stand, "globex", &[GLOBEXES]).await;
    preflight_allows(&stand, ACMES, true).await;
    preflight_allows(&stand, GLOBEXES, true).await;
    let key = stand.key("acme", "read");
    let own = with_origin(&stand, Method::GET, "/v1/campaigns", Some(&key), ACMES).await;
    assert_eq!(own.status(), StatusCode::OK);
    assert_eq!(header(&own, "access-control-allow-origin"), ACMES);
    assert_eq!(header(&own, "access-control-allow-credentials"), "");
    assert_eq!(header(&own, "vary"), "origin");
    let exposed = [
        "retry-after",
        "x-request-id",
        "server-timing",
        "location",
        "etag",
        "link",
        "retained-from",
    ];
    for name in exposed {
        assert!(header(&own, "access-control-expose-headers").contains(name), "{name}");
    }
    for foreign in [GLOBEXES, "https://evil.example", "null"] {
        let answer = with_origin(&stand, Method::GET, "/v1/campaigns", Some(&key), foreign).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "", "{foreign}");
        assert_eq!(header(&answer, "vary"), "origin");
    }
    let without = stand.get("/v1/campaigns", &key).await;
    assert_eq!(without.headers["vary"], "origin", "answers differ by origin");

    let admin = stand.access_token("admin@test.example").await;
    let admins = with_origin(&stand, Method::GET, "/v1/admin/tenants", Some(&admin), ACMES).await;
    assert_eq!(admins.status(), StatusCode::OK);
    assert_eq!(header(&admins, "access-control-allow-origin"), "");
}

#[actix_web::test]
async fn a_page_reads_refusals_and_its_own_tenants_tokens() {
    let stand = Stand::new().await;
    list(&stand, "acme", &[ACMES]).await;
    list(&stand, "globex", &[GLOBEXES]).await;
    preflight_allows(&stand, ACMES, true).await;
    let refused = with_origin(&stand, Method::GET, "/v1/campaigns", Some("stale"), ACMES).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header(&refused, "access-control-allow-origin"), ACMES);

    let email = stand.email("acme", "owner");
    let login = json!({"email": email, "password": stand.password(&email).await});
    for (origin, readable) in [(ACMES, ACMES), (GLOBEXES, "")] {
        let request = stand.request(Method::POST, "/v1/auth/login", None).json(&login);
        let answer = request.header("Origin", origin).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "access-control-allow-origin"), readable);
        let pair: Value = answer.json().await.unwrap();
        let refresh = json!({"refresh_token": pair["refresh_token"]});
        let request = stand.request(Method::POST, "/v1/auth/refresh", None).json(&refresh);
        let answer = request.header("Origin", origin).send().await.unwrap();
        assert_eq!(header(&answer, "access-control-allow-origin"), readable);
        let exchange = json!({"api_key": stand.key("acme", "read")});
        let request = stand.request(Method::POST, "/v1/auth/token", None).json(&exchange);
        let answer = request.header("Origin", origin).send().await.unwrap();
        assert_eq!(header(&answer, "access-control-allow-origin"), readable);
    }
}

#[actix_web::test]
async fn an_event_source_of_a_listed_origin_reads_its_stream() {
    let stand = Stand::new().await;
    list(&stand, "acme", &[ACMES]).await;
    preflight_allows(&stand, ACMES, true).await;
    let key = stand.key("acme", "read");
    let ticket = json!({"campaign_id": "spring"});
    let url = |body: &Value| body["url"].as_str().unwrap().to_owned();
    for (origin, readable) in [(ACMES, ACMES), ("https://evil.example", "")] {
        let made = stand.post("/v1/live/tickets", Some(&key), ticket.clone()).await;
        let stream = with_origin(&stand, Method::GET, &url(&made.body), None, origin).await;
        assert_eq!(stream.status(), StatusCode::OK);
        assert_eq!(header(&stream, "access-control-allow-origin"), readable);
    }
}

#[actix_web::test]
async fn origins_are_shown_with_the_tenant_and_wrong_ones_are_named() {
    let stand = Stand::new().await;
    list(&stand, "acme", &[ACMES]).await;
    let admin = stand.access_token("admin@test.example").await;
    let path = format!("/v1/admin/tenants/{}", stand.id("acme"));
    assert_eq!(stand.get(&path, &admin).await.body["origins"], json!([ACMES]));
    stand.apply("acme", json!({})).await;
    assert_eq!(
        stand.get(&path, &admin).await.body["origins"],
        json!([ACMES]),
        "left out: unchanged"
    );

    let order = json!({
        "id": stand.id("initech"), "name": "X", "isolation": "schema", "cluster": "shared",
        "time_zone": "Europe/Berlin", "currency": "EUR",
        "origins": ["shop.example", "https://shop.example/", "https://*.shop.example", ACMES, ACMES],
    });
    let refused = stand.post("/v1/admin/tenants", Some(&admin), order).await;
    assert_eq!(refused.status, 422);
    let errors = refused.body["errors"].as_array().unwrap();
    let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/origins/0", "/origins/1", "/origins/2", "/origins/4"]);
    assert!(errors[1]["reason"].as_str().unwrap().contains("no path"), "{errors:?}");
}

#[actix_web::test]
async fn options_without_a_preflight_is_a_method_like_any_other() {
    let stand = Stand::new().await;
    let plain = answer(stand.request(Method::OPTIONS, "/v1/campaigns", None)).await;
    assert_eq!((plain.status.as_u16(), &plain.body["code"]), (405, &json!("method_not_allowed")));
}
