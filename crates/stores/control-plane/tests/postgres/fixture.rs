//! A database of its own for each test, dropped when the test ends.

use std::sync::Arc;

use auth::{
    InvitationToken, NewRefreshToken, NewSession, PasswordHash, RefreshToken, Role, Rotation,
    Sealer, SessionStore,
};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{
    Account, Cluster, ControlPlane, NewInvitation, NewUser, PlatformControl, PostgresSettings,
    TenantControl, TenantSpec,
};
use settings::Secret;
use sqlx::PgPool;
use tenancy::{ClientId, Isolation, TenantRouter};
use uuid::Uuid;

pub(crate) struct Database(testkit::Database);

impl Database {
    /// Empty: no table yet.
    pub(crate) async fn empty() -> Self {
        Self(testkit::Database::create().await)
    }

    /// With all tables.
    async fn migrated() -> Self {
        Self(testkit::Database::migrated().await)
    }

    pub(crate) fn settings(&self) -> PostgresSettings {
        self.0.settings()
    }

    pub(crate) async fn control_plane(&self) -> ControlPlane {
        ControlPlane::connect(&self.settings()).await.unwrap()
    }

    /// Returns the address of the database.
    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    /// Connects as one of the services' logins, without the control plane.
    pub(crate) async fn login(&self, login: &str) -> PgPool {
        let url = self.0.login_url(login).expect("a stack with the services' logins");
        PgPool::connect(&url).await.unwrap()
    }

    /// Connects without the control plane, as a query with a mistake would.
    pub(crate) async fn raw(&self) -> PgPool {
        PgPool::connect(self.0.url()).await.unwrap()
    }
}

/// A migrated database with the cluster `shared` and the tenants `acme` and `globex`.
pub(crate) struct Platform {
    pub(crate) control_plane: ControlPlane,
    pub(crate) database: Database,
}

impl Platform {
    pub(crate) async fn new() -> Self {
        let database = Database::migrated().await;
        let control_plane = database.control_plane().await;
        control_plane.migrate().await.unwrap();
        let platform = Self { control_plane, database };
        let admin = platform.admin();
        admin.register_cluster(&sealer(), &cluster("shared")).await.unwrap();
        for tenant in ["acme", "globex"] {
            let spec = spec(tenant);
            let shared = "shared".parse().unwrap();
            admin.create_tenant(&spec, Isolation::Shared, &shared).await.unwrap();
            assert!(admin.activate_tenant(&spec.client_id).await.unwrap());
        }
        platform
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    pub(crate) fn admin(&self) -> PlatformControl {
        self.control_plane.for_platform(&TenantRouter::platform("cli"))
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
    pub(crate) async fn tenant(&self, client_id: &str) -> TenantControl {
        let router = TenantRouter::new(Arc::new(self.control_plane.clone()));
        let context = router.resolve_record(&client_id.parse().unwrap()).await.unwrap();
        self.control_plane.for_tenant(&context)
    }

    /// Creates a user of `tenant` who has accepted the invitation.
    pub(crate) async fn user(&self, tenant: &str, email: &str, role: Role) -> Uuid {
        let (user_id, invitation) = self.invited(tenant, email, role).await;
        let accepted = accept(&self.control_plane, &invitation, Utc::now()).await;
        assert_eq!(accepted, Some(user_id));
        user_id
    }

    /// Invites a user of `tenant`, for seven days.
    pub(crate) async fn invited(
        &self,
        tenant: &str,
        email: &str,
        role: Role,
    ) -> (Uuid, NewInvitation) {
        let user = new_user(email, role);
        let invitation = new_invitation();
        self.admin().invite_user(&id(tenant), &user, &invitation).await.unwrap();
        (user.user_id, invitation)
    }

    pub(crate) async fn token_version(&self, client_id: &str) -> u32 {
        let tenant = self.admin().tenant(&id(client_id)).await.unwrap().unwrap();
        tenant.record.token_version
    }
}

/// Accepts an invitation at `now`. Returns its user, if it is valid.
pub(crate) async fn accept(
    store: &ControlPlane,
    invitation: &NewInvitation,
    now: DateTime<Utc>,
) -> Option<Uuid> {
    let password = PasswordHash::from_stored("$argon2id$".into());
    let accepted = store.accept_invitation(&invitation.token_hash, &password, now).await;
    accepted.unwrap().map(|user| user.id)
}

/// Returns a refresh token that is issued at `now`, for 30 days.
pub(crate) fn refresh_token(now: DateTime<Utc>) -> NewRefreshToken {
    let hash = RefreshToken::generate().unwrap().hash();
    NewRefreshToken { hash, issued_at: now, expires_at: now + TimeDelta::days(30) }
}

/// Begins a session of a user at the time of its first token, for 90 days. Returns its id.
pub(crate) async fn begin(store: &ControlPlane, user_id: Uuid, first: &NewRefreshToken) -> Uuid {
    let session = NewSession {
        id: Uuid::now_v7(),
        user_id,
        password: store.user(user_id).await.unwrap().unwrap().password_hash.unwrap(),
        ends_at: first.issued_at + TimeDelta::days(90),
        address: "192.0.2.1".parse().unwrap(),
        user_agent: Some("test".into()),
    };
    assert!(store.begin_session(&session, first).await.unwrap());
    session.id
}

/// Presents a refresh token. The sealed successor is its hash, which shows whose it is.
pub(crate) async fn rotate(
    store: &ControlPlane,
    presented: &NewRefreshToken,
    successor: &NewRefreshToken,
) -> Rotation {
    let sealed = successor.hash.as_bytes();
    store.rotate_refresh_token(&presented.hash, successor, sealed).await.unwrap()
}

pub(crate) fn new_user(email: &str, role: Role) -> NewUser {
    NewUser { user_id: Uuid::now_v7(), email: email.to_owned(), role, advertiser_id: None }
}

pub(crate) fn new_invitation() -> NewInvitation {
    NewInvitation {
        token_hash: InvitationToken::generate().unwrap().hash(),
        expires_at: Utc::now() + TimeDelta::days(7),
    }
}

pub(crate) fn id(client_id: &str) -> ClientId {
    client_id.parse().unwrap()
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new([7; 32])
}

pub(crate) fn cluster(name: &str) -> Cluster {
    let account = |user: &str| Account { user: user.into(), password: Secret::new("hunter2") };
    Cluster {
        name: name.parse().unwrap(),
        url: "http://127.0.0.1:8123".into(),
        writer: account("writer"),
        reader: account("reader"),
    }
}

pub(crate) fn spec(client_id: &str) -> TenantSpec {
    TenantSpec {
        client_id: id(client_id),
        name: client_id.to_uppercase(),
        limits: tenancy::Limits::default(),
        retention_days: 400,
        rollup_retention_days: 761,
        time_zone: "Europe/Warsaw".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        origins: Vec::new(),
    }
}
