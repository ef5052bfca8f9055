//! A small app with its control plane in memory.

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
use tenancy::{ClientId, DirectoryError, TenantDirectory, TenantRecord, TenantState};
use testkit::tenant_record;
use uuid::Uuid;
use web::{Body, Error, Health, Platform, Query, Tenant, TokenSettings, WebState};

pub(crate) const ADMIN: Uuid = Uuid::from_u128(1);
pub(crate) const PERSON: Uuid = Uuid::from_u128(2);
/// Tokens of this user, who is of every tenant, were revoked four times.
pub(crate) const PERSON_VERSION: u32 = 5;
/// No token of this user of `acme` was ever revoked.
pub(crate) const UNCHANGED: Uuid = Uuid::from_u128(3);
pub(crate) const DISABLED: Uuid = Uuid::from_u128(4);

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
    async fn user_version(
        &self,
        id: Uuid,
        client_id: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError> {
        Ok(match (id, client_id.map(ClientId::as_str)) {
            (ADMIN, None) => Some(self.admin_version),
            (PERSON, Some(_)) => Some(PERSON_VERSION),
            (UNCHANGED, Some("acme")) => Some(1),
            _ => None,
        })
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        // Yields, as a database call does.
        tokio::task::yield_now().await;
        Ok(self.keys.get(id).cloned())
    }
}

pub(crate) struct Platformlet {
    state: WebState,
    signer: TokenSigner,
    pub(crate) collect_key: ApiKey,
    pub(crate) read_key: ApiKey,
    pub(crate) expired_key: ApiKey,
}

impl Platformlet {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn token(
        &self,
        client_id: &str,
        role: Role,
        version: u32,
        age: TimeDelta,
    ) -> String {
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

    /// Issues a token that names `client_id`, with the user's `version`; old tokens have none.
    pub(crate) fn token_of_user(
        &self,
        client_id: &str,
        user: Uuid,
        version: Option<u32>,
    ) -> String {
        let grant = Grant {
            subject: Subject::User(user),
            client: Some((client_id.parse().unwrap(), client_id.to_owned())),
            authority: Authority::Role(Role::Analyst),
            advertiser_id: None,
            campaigns: None,
            token_version: 3,
            subject_version: version,
            session_id: None,
        };
        self.signer.issue(grant, Utc::now()).unwrap().token
    }

    pub(crate) fn token_of(&self, client_id: &str, key: &ApiKey) -> String {
        let grant = Grant {
            subject: Subject::Key(key.id().clone()),
            client: Some((client_id.parse().unwrap(), client_id.to_owned())),
            authority: Authority::Key(key.kind()),
            advertiser_id: None,
            campaigns: None,
            token_version: 3,
            subject_version: None,
            session_id: None,
        };
        self.signer.issue(grant, Utc::now()).unwrap().token
    }

    pub(crate) fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
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

pub(crate) async fn ask(
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
