//! Requests against a small app: which credentials are accepted, and how the others are refused.

#![cfg(test)]

use std::{collections::HashMap, sync::Arc};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body},
    web::{Data, ServiceConfig, resource},
};
use auth::{
    ApiKey, ApiKeyId, Authority, CredentialStore, CredentialStoreError, Grant, KeyKind,
    ManageTenants, ReadReports, Role, SigningKey, StoredApiKey, Subject, TokenSigner,
};
use chrono::{TimeDelta, Utc};
use lifecycle::Lifecycle;
use serde_json::Value;
use tenancy::{ClientId, DirectoryError, TenantDirectory, TenantRecord, TenantState};
use testkit::tenant_record;
use uuid::Uuid;
use web::{Body, Error, Health, Platform, Query, Tenant, TokenSettings, WebState};

const ADMIN: Uuid = Uuid::from_u128(1);
const PERSON: Uuid = Uuid::from_u128(2);
/// Tokens of this user were revoked four times.
const PERSON_VERSION: u32 = 5;
/// No token of this user was ever revoked.
const UNCHANGED: Uuid = Uuid::from_u128(3);
const DISABLED: Uuid = Uuid::from_u128(4);

/// The contents of the control plane.
#[derive(Default)]
struct Known {
    keys: HashMap<ApiKeyId, StoredApiKey>,
    admin_version: u32,
}

#[async_trait::async_trait]
impl TenantDirectory for Known {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let state = match client_id.as_str() {
            "acme" | "globex" => TenantState::Active,
            "stopped" => TenantState::Suspended,
            "unreachable" => return Err(DirectoryError("connection refused".into())),
            _ => return Ok(None),
        };
        Ok(Some(TenantRecord { state, token_version: 3, ..tenant_record(client_id) }))
    }
}

#[async_trait::async_trait]
impl CredentialStore for Known {
    async fn user_version(&self, id: Uuid) -> Result<Option<u32>, CredentialStoreError> {
        Ok(match id {
            ADMIN => Some(self.admin_version),
            PERSON => Some(PERSON_VERSION),
            UNCHANGED => Some(1),
            _ => None,
        })
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        // Yields, as a database call does.
        tokio::task::yield_now().await;
        Ok(self.keys.get(id).cloned())
    }
}

struct Platformlet {
    state: WebState,
    signer: TokenSigner,
    collect_key: ApiKey,
    read_key: ApiKey,
    expired_key: ApiKey,
}

impl Platformlet {
    fn new() -> Self {
        let mut known = Known::default();
        let mut key = |kind, expires_at| {
            let key = ApiKey::generate(kind).unwrap();
            let stored = StoredApiKey {
                id: key.id().clone(),
                client_id: "acme".parse().unwrap(),
                kind,
                secret_hash: key.secret_hash(),
                former_secret: None,
                campaigns: None,
                version: 1,
                expires_at,
            };
            known.keys.insert(key.id().clone(), stored);
            key
        };
        let collect_key = key(KeyKind::Collect, None);
        let read_key = key(KeyKind::Read, None);
        let expired_key = key(KeyKind::Read, Some(Utc::now() - TimeDelta::seconds(1)));
        let known = Arc::new(known);
        let settings = TokenSettings {
            issuer: "https://footfall.test".into(),
            audience: "footfall".into(),
            access_seconds: 900,
            refresh_days: 30,
            session_days: 90,
        };
        let signing_key = SigningKey::generate().unwrap();
        let signer = settings.signer(&signing_key).unwrap();
        let verifier = settings.verifier(&[signing_key]).unwrap();
        let state = WebState::new(known.clone(), known, verifier);
        Self { state, signer, collect_key, read_key, expired_key }
    }

    fn token(&self, client_id: &str, role: Role, version: u32, age: TimeDelta) -> String {
        let platform = role == Role::PlatformAdmin;
        let grant = Grant {
            subject: Subject::User(if platform { ADMIN } else { PERSON }),
            client: (!platform).then(|| (client_id.parse().unwrap(), client_id.to_owned())),
            authority: Authority::Role(role),
            advertiser_id: (role == Role::Advertiser).then(|| "nova".parse().unwrap()),
            campaigns: None,
            token_version: version,
            subject_version: (!platform).then_some(PERSON_VERSION),
            session_id: None,
        };
        self.signer.issue(grant, Utc::now() - age).unwrap().token
    }

    /// Issues a token of a user of `acme` with that user's `version`; old tokens have none.
    fn token_of_user(&self, user: Uuid, version: Option<u32>) -> String {
        let grant = Grant {
            subject: Subject::User(user),
            client: Some(("acme".parse().unwrap(), "Acme".to_owned())),
            authority: Authority::Role(Role::Analyst),
            advertiser_id: None,
            campaigns: None,
            token_version: 3,
            subject_version: version,
            session_id: None,
        };
        self.signer.issue(grant, Utc::now()).unwrap().token
    }

    fn token_of(&self, key: &ApiKey) -> String {
        let grant = Grant {
            subject: Subject::Key(key.id().clone()),
            client: Some(("acme".parse().unwrap(), "Acme".to_owned())),
            authority: Authority::Key(key.kind()),
            advertiser_id: None,
            campaigns: None,
            token_version: 3,
            subject_version: None,
            session_id: None,
        };
        self.signer.issue(grant, Utc::now()).unwrap().token
    }

    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let state = self.state.clone();
        move |config| {
            config
                .app_data(Data::new(state))
                .service(resource("/tenant").get(tenant))
                .service(resource("/platform").get(platform))
                .service(resource("/broken").get(broken))
                .service(resource("/both").post(both));
            Health::new(&Lifecycle::new())
                .with("good", || async { Ok(()) })
                .with("bad", || async { Err("no answer".into()) })
                .configure(config);
        }
    }
}

async fn tenant(tenant: Tenant<ReadReports>) -> String {
    tenant.context().client_id().to_string()
}

async fn platform(platform: Platform<ManageTenants>) -> String {
    platform.context().actor().to_owned()
}

async fn both(
    tenant: Tenant<ReadReports>,
    Query(_): Query<Nothing>,
    Body(_): Body<Nothing>,
) -> String {
    tenant.context().client_id().to_string()
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn broken() -> Result<HttpResponse, Error> {
    Err(problem::Problem::internal("password=hunter2").into())
}

async fn ask(
    platformlet: &Platformlet,
    path: &str,
    credential: Option<&str>,
) -> (StatusCode, header::HeaderMap, String) {
    let app = init_service(web::app("test", platformlet.routes())).await;
    let mut request = TestRequest::get().uri(path);
    if let Some(credential) = credential {
        request = request.insert_header((header::AUTHORIZATION, format!("Bearer {credential}")));
    }
    let response = call_service(&app, request.to_request()).await;
    let status = response.status();
    let headers = response.headers().clone();
    (status, headers, String::from_utf8(read_body(response).await.to_vec()).unwrap())
}

#[actix_web::test]
async fn a_valid_credential_opens_its_own_tenant() {
    let on = Platformlet::new();
    let token = on.token("globex", Role::Analyst, 3, TimeDelta::zero());
    assert_eq!(ask(&on, "/tenant", Some(&token)).await.2, "globex");
    assert_eq!(ask(&on, "/tenant", Some(&on.read_key.reveal())).await.2, "acme");
    assert_eq!(ask(&on, "/tenant", Some(&on.token_of(&on.read_key))).await.2, "acme");
    let admin = on.token("", Role::PlatformAdmin, 0, TimeDelta::zero());
    assert_eq!(ask(&on, "/platform", Some(&admin)).await.2, format!("user:{ADMIN}"));
}

#[actix_web::test]
async fn a_token_without_a_user_version_is_valid_until_its_user_is_changed() {
    let on = Platformlet::new();
    let unchanged = on.token_of_user(UNCHANGED, None);
    assert_eq!(ask(&on, "/tenant", Some(&unchanged)).await.2, "acme");
    let changed = on.token_of_user(PERSON, None);
    assert_eq!(ask(&on, "/tenant", Some(&changed)).await.0, StatusCode::UNAUTHORIZED);
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
            Some(on.token_of(&ApiKey::generate(KeyKind::Read).unwrap())),
            401,
            "credential_invalid",
        ),
        (
            "a token of an expired key",
            "/tenant",
            Some(on.token_of(&on.expired_key)),
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
            Some(on.token_of_user(PERSON, Some(PERSON_VERSION - 1))),
            401,
            "credential_invalid",
        ),
        (
            "a token of a user who was disabled",
            "/tenant",
            Some(on.token_of_user(DISABLED, Some(1))),
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
