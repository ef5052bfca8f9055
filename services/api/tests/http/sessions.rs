use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::stand::{Stand, answer};

#[actix_web::test]
async fn a_login_gives_access_to_the_users_tenant() {
    let stand = Stand::new().await;
    let shouted = stand.email("acme", "owner").to_uppercase();
    let login = json!({
        "email": format!(" {shouted} "),
        "password": stand.password(&stand.email("acme", "owner")).await,
    });
    let session = stand.post("/v1/auth/login", None, login).await;
    assert_snapshot!("auth_login", stand.shown(&session));
    let token = session.body["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let stand = Stand::new().await;
    let known = json!({"email": stand.email("acme", "owner"), "password": "wrong password"});
    let unknown = json!({"email": "nobody@nowhere.example", "password": "wrong password"});
    let [known, unknown] = [
        stand.post("/v1/auth/login", None, known).await,
        stand.post("/v1/auth/login", None, unknown).await,
    ];
    assert_eq!(stand.shown(&known), stand.shown(&unknown));
    assert_snapshot!("auth_login_refused", stand.shown(&known));
}

#[actix_web::test]
async fn the_sixth_attempt_in_a_minute_has_to_wait() {
    let stand = Stand::new().await;
    let attempt = json!({"email": stand.email("acme", "owner"), "password": "wrong password"});
    for _ in 0..5 {
        assert_eq!(stand.post("/v1/auth/login", None, attempt.clone()).await.status, 401);
    }
    let limited = stand.post("/v1/auth/login", None, attempt).await;
    assert_eq!(limited.status, 429, "{}", limited.body);
    let wait: u64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    stand.session(&stand.email("globex", "owner")).await;
}

#[actix_web::test]
async fn a_refresh_token_continues_the_session_until_logout() {
    let stand = Stand::new().await;
    let first = stand.session(&stand.email("acme", "analyst")).await;
    let refresh = json!({"refresh_token": first["refresh_token"]});
    let second = stand.post("/v1/auth/refresh", None, refresh).await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert_ne!(second.body["refresh_token"], first["refresh_token"]);
    let token = second.body["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/metrics", token).await.status, 200);

    let last = json!({"refresh_token": second.body["refresh_token"]});
    assert_eq!(stand.post("/v1/auth/logout", None, last.clone()).await.status, 204);
    let ended = stand.post("/v1/auth/refresh", None, last).await;
    assert_eq!((ended.status.as_u16(), &ended.body["code"]), (401, &json!("credential_invalid")));
    let unknown = json!({"refresh_token": "A".repeat(43)});
    assert_eq!(stand.post("/v1/auth/refresh", None, unknown.clone()).await.status, 401);
    assert_eq!(stand.post("/v1/auth/logout", None, unknown).await.status, 204);

    // A client that sends another text must not believe that a session has ended.
    let made_up = json!({"refresh_token": "made up"});
    assert_eq!(stand.post("/v1/auth/refresh", None, made_up.clone()).await.status, 401);
    let refused = stand.post("/v1/auth/logout", None, made_up).await;
    assert_snapshot!("auth_logout_without_a_refresh_token", stand.shown(&refused));
}

#[actix_web::test]
async fn an_api_key_becomes_a_token_with_the_permissions_of_the_key() {
    let stand = Stand::new().await;
    let read = json!({"api_key": stand.key("acme", "read")});
    let exchanged = stand.post("/v1/auth/token", None, read).await;
    assert_snapshot!("auth_token", stand.shown(&exchanged));
    let token = exchanged.body["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
    assert_eq!(stand.get("/v1/users", token).await.status, 403);

    let collect = json!({"api_key": stand.key("acme", "collect")});
    let token = stand.post("/v1/auth/token", None, collect).await.body["access_token"].clone();
    assert_eq!(stand.get("/v1/campaigns", token.as_str().unwrap()).await.status, 403);

    for (key, status) in [("ff_read_0000000000000000_00", 401), (token.as_str().unwrap(), 422)] {
        let refused = stand.post("/v1/auth/token", None, json!({"api_key": key})).await;
        assert_eq!(refused.status, status, "{}", refused.body);
    }
}

#[actix_web::test]
async fn the_published_keys_are_public_ones_only() {
    let stand = Stand::new().await;
    let got = answer(stand.request(Method::GET, "/.well-known/jwks.json", None)).await;
    let key = &got.body["keys"][0];
    assert_eq!((&key["kty"], &key["alg"]), (&json!("OKP"), &json!("EdDSA")));
    assert_eq!(key.get("d"), None);
}

#[actix_web::test]
async fn an_unreadable_body_is_answered_with_what_would_be_correct() {
    let stand = Stand::new().await;
    for (content_type, body, status, code, mention) in [
        ("application/json", "{", 400, "malformed_body", "JSON"),
        ("application/json", "", 400, "malformed_body", "JSON"),
        ("application/json", r#"{"email":1,"password":"x"}"#, 422, "invalid_field", "/email"),
        ("application/json", r#"{"email":"a"}"#, 422, "invalid_field", "password"),
        (
            "application/json",
            r#"{"email":"a","password":"b","role":"owner"}"#,
            422,
            "invalid_field",
            "/role",
        ),
        ("application/json", "[]", 422, "invalid_field", "errors"),
        (
            "text/plain",
            r#"{"email":"a","password":"b"}"#,
            415,
            "unsupported_media_type",
            "application/json",
        ),
    ] {
        let request = stand.request(Method::POST, "/v1/auth/login", None);
        let got = answer(request.header("Content-Type", content_type).body(body)).await;
        assert_eq!(got.status, status, "{body}: {}", got.body);
        assert_eq!(got.body["code"], code, "{body}: {}", got.body);
        assert!(got.body.to_string().contains(mention), "{body}: {}", got.body);
        assert_eq!(got.headers["content-type"], "application/problem+json");
    }
    let large = json!({"email": "x".repeat(300_000), "password": "x"});
    let got = stand.post("/v1/auth/login", None, large).await;
    assert_eq!((got.status.as_u16(), &got.body["code"]), (413, &json!("body_too_large")));
}
