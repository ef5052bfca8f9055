//! Which credentials are accepted, and how the others are refused.

use actix_web::{
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body},
};
use auth::{ApiKey, KeyKind, Role};
use chrono::TimeDelta;
use serde_json::Value;

use crate::platformlet::{ADMIN, DISABLED, PERSON, PERSON_VERSION, Platformlet, UNCHANGED, ask};

#[actix_web::test]
async fn a_valid_credential_opens_its_own_tenant() {
    let on = Platformlet::new();
    let token = on.token("globex", Role::Analyst, 3, TimeDelta::zero());
    assert_eq!(ask(&on, "/tenant", Some(&token)).await.2, "globex");
    assert_eq!(ask(&on, "/tenant", Some(&on.read_key.reveal())).await.2, "acme");
    assert_eq!(ask(&on, "/tenant", Some(&on.token_of("acme", &on.read_key))).await.2, "acme");
    let admin = on.token("", Role::PlatformAdmin, 0, TimeDelta::zero());
    assert_eq!(ask(&on, "/platform", Some(&admin)).await.2, format!("user:{ADMIN}"));
}

#[actix_web::test]
async fn a_token_without_a_user_version_is_valid_until_its_user_is_changed() {
    let on = Platformlet::new();
    let unchanged = on.token_of_user("acme", UNCHANGED, None);
    assert_eq!(ask(&on, "/tenant", Some(&unchanged)).await.2, "acme");
    let changed = on.token_of_user("acme", PERSON, None);
    assert_eq!(ask(&on, "/tenant", Some(&changed)).await.0, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_token_names_the_tenant_of_its_user_or_key() {
    let on = Platformlet::new();
    for (client_id, status) in [("acme", 200), ("globex", 401)] {
        let of_user = on.token_of_user(client_id, UNCHANGED, Some(1));
        let of_key = on.token_of(client_id, &on.read_key);
        for (whose, token) in [("user", of_user), ("key", of_key)] {
            assert_eq!(ask(&on, "/tenant", Some(&token)).await.0, status, "{whose} {client_id}");
        }
    }
}

#[actix_web::test]
async fn every_other_credential_is_refused_with_the_reason() {
    let on = Platformlet::new();
    let now = TimeDelta::zero();
    let stranger = ApiKey::generate(KeyKind::Read).unwrap().reveal();
    let wrong_secret = on
        .read_key
        .reveal()
        .replace(stranger_tail(&on.read_key.reveal()), stranger_tail(&stranger));
    let cases = [
        ("nothing", "/tenant", None, 401, "credential_missing"),
        ("garbage", "/tenant", Some("garbage".into()), 401, "credential_invalid"),
        ("an unknown key", "/tenant", Some(stranger.clone()), 401, "credential_invalid"),
        (
            "a key's id with another secret",
            "/tenant",
            Some(wrong_secret),
            401,
            "credential_invalid",
        ),
        ("an expired key", "/tenant", Some(on.expired_key.reveal()), 401, "token_expired"),
        (
            "a token of a deleted key",
            "/tenant",
            Some(on.token_of("acme", &ApiKey::generate(KeyKind::Read).unwrap())),
            401,
            "credential_invalid",
        ),
        (
            "a token of an expired key",
            "/tenant",
            Some(on.token_of("acme", &on.expired_key)),
            401,
            "token_expired",
        ),
        (
            "an expired token",
            "/tenant",
            Some(on.token("acme", Role::Owner, 3, TimeDelta::hours(1))),
            401,
            "token_expired",
        ),
        (
            "a token of an older version",
            "/tenant",
            Some(on.token("acme", Role::Owner, 2, now)),
            401,
            "credential_invalid",
        ),
        (
            "a token of an older version of its user",
            "/tenant",
            Some(on.token_of_user("acme", PERSON, Some(PERSON_VERSION - 1))),
            401,
            "credential_invalid",
        ),
        (
            "a token of a user who was disabled",
            "/tenant",
            Some(on.token_of_user("acme", DISABLED, Some(1))),
            401,
            "credential_invalid",
        ),
        (
            "a deleted tenant",
            "/tenant",
            Some(on.token("gone", Role::Owner, 3, now)),
            401,
            "credential_invalid",
        ),
        (
            "a suspended tenant",
            "/tenant",
            Some(on.token("stopped", Role::Owner, 3, now)),
            403,
            "tenant_suspended",
        ),
        (
            "an unavailable directory",
            "/tenant",
            Some(on.token("unreachable", Role::Owner, 3, now)),
            503,
            "unavailable",
        ),
        (
            "a key that only writes",
            "/tenant",
            Some(on.collect_key.reveal()),
            403,
            "permission_denied",
        ),
        (
            "an admin without a tenant",
            "/tenant",
            Some(on.token("", Role::PlatformAdmin, 0, now)),
            403,
            "permission_denied",
        ),
        (
            "an owner on an admin route",
            "/platform",
            Some(on.token("acme", Role::Owner, 3, now)),
            403,
            "permission_denied",
        ),
        (
            "an admin whose tokens were revoked",
            "/platform",
            Some(on.token("", Role::PlatformAdmin, 7, now)),
            401,
            "credential_invalid",
        ),
    ];
    for (who, path, credential, status, code) in cases {
        let (got, headers, body) = ask(&on, path, credential.as_deref()).await;
        assert_eq!(got, status, "{who}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["code"], code, "{who}");
        assert_eq!(
            body["request_id"],
            headers.get("x-request-id").unwrap().to_str().unwrap(),
            "{who}"
        );
        assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json", "{who}");
        let challenged = headers.contains_key(header::WWW_AUTHENTICATE);
        assert_eq!(challenged, status == 401 || code == "permission_denied", "{who}");
        assert_eq!(headers.contains_key(header::RETRY_AFTER), status == 503, "{who}");
    }
}

fn stranger_tail(key: &str) -> &str {
    key.rsplit('_').next().unwrap()
}

#[actix_web::test]
async fn the_tenant_comes_from_the_credential_alone() {
    let on = Platformlet::new();
    let token = on.token("acme", Role::Owner, 3, TimeDelta::zero());
    let app = init_service(web::app("test", on.routes())).await;
    let smuggling = TestRequest::get()
        .uri("/tenant?client_id=globex&tenant=globex")
        .insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
        .insert_header(("X-Client-Id", "globex"))
        .insert_header(("X-Tenant", "globex"))
        .set_payload(r#"{"client_id":"globex"}"#);
    let response = call_service(&app, smuggling.to_request()).await;
    assert_eq!(read_body(response).await, "acme");
    let in_query = ask(&on, &format!("/tenant?access_token={token}"), None).await;
    assert_eq!(in_query.0, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_refused_credential_hides_all_other_errors() {
    let on = Platformlet::new();
    let app = init_service(web::app("test", on.routes())).await;
    let wrong = |key: &ApiKey| {
        TestRequest::post()
            .uri("/both?wrong=1")
            .insert_header((header::AUTHORIZATION, format!("Bearer {}", key.reveal())))
            .set_payload("not json")
    };
    let stranger = ApiKey::generate(KeyKind::Read).unwrap();
    for (key, status) in [(&stranger, 401), (&on.collect_key, 403), (&on.read_key, 422)] {
        let response = call_service(&app, wrong(key).to_request()).await;
        assert_eq!(response.status(), status);
    }
}
