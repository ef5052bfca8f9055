//! A credential that was checked a moment ago is refused as soon as a change is announced.

#![cfg(test)]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use actix_web::{
    http::{StatusCode, header},
    test::{TestRequest, call_service, init_service},
    web::{Data, resource},
};
use auth::{
    ApiKey, ApiKeyId, Authority, CredentialStore, CredentialStoreError, Grant, KeyKind,
    ReadReports, Role, SigningKey, StoredApiKey, Subject, TokenSigner, TokenVerifier,
};
use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{ClientId, DirectoryError, TenantDirectory, TenantRecord, TenantState};
use testkit::tenant_record;
use uuid::Uuid;
use web::{Tenant, TokenSettings, WebState};

const PERSON: Uuid = Uuid::from_u128(1);

/// What a control plane knows: one tenant, one user and one key.
struct Known {
    key: Mutex<Option<StoredApiKey>>,
    user_version: AtomicU64,
    state: Mutex<TenantState>,
    /// `None`: changes are not announced.
    announced: Option<AtomicU64>,
    lookups: AtomicU64,
}

impl Known {
    fn looked_up(&self) {
        self.lookups.fetch_add(1, Ordering::Relaxed);
    }

    fn announce(&self) {
        self.announced.as_ref().unwrap().fetch_add(1, Ordering::Relaxed);
    }

    fn announced(&self) -> Option<u64> {
        self.announced.as_ref().map(|changes| changes.load(Ordering::Relaxed))
    }
}

#[async_trait::async_trait]
impl TenantDirectory for Known {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        self.looked_up();
        let state = *self.state.lock().unwrap();
        Ok(Some(TenantRecord { state, token_version: 1, ..tenant_record(client_id) }))
    }

    fn revision(&self) -> Option<u64> {
        self.announced()
    }
}

#[async_trait::async_trait]
impl CredentialStore for Known {
    async fn user_version(
        &self,
        _: Uuid,
        _: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError> {
        self.looked_up();
        Ok(self.user_version.load(Ordering::Relaxed).try_into().ok())
    }

    async fn api_key(&self, _: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        self.looked_up();
        Ok(self.key.lock().unwrap().clone())
    }

    fn revision(&self) -> Option<u64> {
        self.announced()
    }
}

struct Stand {
    known: Arc<Known>,
    state: WebState,
    signer: TokenSigner,
    verifier: TokenVerifier,
    key: ApiKey,
}

impl Stand {
    fn new(announced: Option<AtomicU64>, expires_at: Option<DateTime<Utc>>) -> Self {
        let key = ApiKey::generate(KeyKind::Read).unwrap();
        let stored = StoredApiKey {
            id: key.id().clone(),
            client_id: "acme".parse().unwrap(),
            kind: KeyKind::Read,
            secret_hash: key.secret_hash(),
            former_secret: None,
            campaigns: None,
            version: 1,
            expires_at,
        };
        let known = Arc::new(Known {
            key: Mutex::new(Some(stored)),
            user_version: AtomicU64::new(1),
            state: Mutex::new(TenantState::Active),
            announced,
            lookups: AtomicU64::new(0),
        });
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
        let state = WebState::new(known.clone(), known.clone(), verifier.clone());
        Self { known, state, signer, verifier, key }
    }

    fn announcing() -> Self {
        Self::new(Some(AtomicU64::new(0)), None)
    }

    fn token(&self) -> String {
        let grant = Grant {
            subject: Subject::User(PERSON),
            client: Some(("acme".parse().unwrap(), "Acme".into())),
            authority: Authority::Role(Role::Analyst),
            advertiser_id: None,
            campaigns: None,
            token_version: 1,
            subject_version: Some(1),
            session_id: None,
        };
        self.signer.issue(grant, Utc::now()).unwrap().token
    }

    async fn ask(&self, credential: &str) -> StatusCode {
        let state = Data::new(self.state.clone());
        let app = init_service(web::app("test", move |config| {
            config.app_data(state).service(resource("/tenant").get(tenant));
        }))
        .await;
        let request = TestRequest::get()
            .uri("/tenant")
            .insert_header((header::AUTHORIZATION, format!("Bearer {credential}")));
        call_service(&app, request.to_request()).await.status()
    }

    fn lookups(&self) -> u64 {
        self.known.lookups.load(Ordering::Relaxed)
    }
}

async fn tenant(tenant: Tenant<ReadReports>) -> String {
    tenant.context().client_id().to_string()
}

#[actix_web::test]
async fn a_credential_is_not_looked_up_again_until_a_change_is_announced() {
    let stand = Stand::announcing();
    for credential in [stand.key.reveal(), stand.token()] {
        assert_eq!(stand.ask(&credential).await, StatusCode::OK);
        let once = stand.lookups();
        assert_eq!(stand.ask(&credential).await, StatusCode::OK);
        assert_eq!(stand.lookups(), once);
        stand.known.announce();
        assert_eq!(stand.ask(&credential).await, StatusCode::OK);
        assert!(stand.lookups() > once);
    }
}

#[actix_web::test]
async fn without_announcements_every_request_looks_its_credential_up() {
    let stand = Stand::new(None, None);
    let key = stand.key.reveal();
    assert_eq!(stand.ask(&key).await, StatusCode::OK);
    *stand.known.key.lock().unwrap() = None;
    assert_eq!(stand.ask(&key).await, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_revoked_credential_is_refused_after_the_announcement() {
    let revoke_key = |known: &Known| *known.key.lock().unwrap() = None;
    let disable_user = |known: &Known| known.user_version.store(2, Ordering::Relaxed);
    let suspend = |known: &Known| *known.state.lock().unwrap() = TenantState::Suspended;
    type Change = fn(&Known);
    let cases: [(&str, Change, bool, u16); 4] = [
        ("a revoked key", revoke_key, true, 401),
        ("a disabled user", disable_user, false, 401),
        ("a key of a suspended tenant", suspend, true, 403),
        ("a token of a suspended tenant", suspend, false, 403),
    ];
    for (what, change, is_key, status) in cases {
        let stand = Stand::announcing();
        let credential = if is_key { stand.key.reveal() } else { stand.token() };
        assert_eq!(stand.ask(&credential).await, StatusCode::OK, "{what}");
        change(&stand.known);
        stand.known.announce();
        assert_eq!(stand.ask(&credential).await, status, "{what}");
    }
}

#[actix_web::test]
async fn a_checked_key_is_refused_when_it_expires() {
    let end = Utc::now() + TimeDelta::milliseconds(300);
    let stand = Stand::new(Some(AtomicU64::new(0)), Some(end));
    let key = stand.key.reveal();
    while stand.ask(&key).await == StatusCode::OK {
        assert!(Utc::now() < end + TimeDelta::seconds(10), "it never expires");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(Utc::now() >= end);
    assert_eq!(stand.known.announced(), Some(0));
}

#[actix_web::test]
async fn a_token_of_a_removed_signing_key_is_refused_at_once() {
    let stand = Stand::announcing();
    let token = stand.token();
    assert_eq!(stand.ask(&token).await, StatusCode::OK);
    stand.verifier.accept(&[SigningKey::generate().unwrap()]).unwrap();
    assert_eq!(stand.ask(&token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(stand.ask(&stand.key.reveal()).await, StatusCode::OK, "it is not signed");
}
