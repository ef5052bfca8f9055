use std::sync::Arc;

use aggregates::Aggregates;
use auth::{
    PasswordHash, Role, Sealer, SecondFactorStore, SessionStore, SigningKey, StoredUser, TotpSecret,
};
use chrono::{SubsecRound, TimeDelta, Utc};
use control_plane::{
    Account, Cluster, ControlPlane, NewInvitation, NewUser, PlatformControl, TenantControl,
    TenantSpec,
};
use problem::{Code, Problem};
use settings::Secret;
use tenancy::{ClientId, Isolation, Limits, TenantRouter};
use testkit::{Database, tenant_context, tenant_record};
use uuid::Uuid;
use web::{TokenSettings, WebState};

use crate::{
    caller::Device,
    invitations,
    sessions::{PasswordGate, Sessions},
};

const EMAIL: &str = "ann@acme.example";

#[tokio::test]
async fn a_user_who_is_disabled_during_the_login_gets_no_token() {
    let database = Database::migrated().await;
    let control_plane = control_plane(&database).await;
    let (acme, _) = acme(&control_plane).await;
    let sessions = sessions(&control_plane);
    let user = control_plane.user_by_email(EMAIL, None).await.unwrap().unwrap();
    assert!(sessions.grant(&user, Uuid::now_v7()).await.is_ok());

    // The password was verified. The user is disabled before the token is issued.
    assert!(acme.disable_user("test", user.id).await.unwrap());
    let refused = Problem::from(sessions.grant(&user, Uuid::now_v7()).await.unwrap_err());
    assert_eq!(refused.code(), Code::CredentialInvalid);
}

#[tokio::test]
async fn a_password_that_is_reset_during_the_login_begins_no_session() {
    let database = Database::migrated().await;
    let control_plane = control_plane(&database).await;
    let sessions = sessions(&control_plane);
    let user = joined(&control_plane).await;
    assert!(sessions.begin("login", &user, device(), Utc::now()).await.is_ok());

    // The password was verified. It is changed before the session begins.
    let former = user.password_hash.clone().unwrap();
    let other = PasswordHash::from_stored("$argon2id$other".into());
    assert!(control_plane.change_password(user.id, &former, &other).await.unwrap());
    let refused = sessions.begin("login", &user, device(), Utc::now()).await.unwrap_err();
    assert_eq!(Problem::from(refused).code(), Code::CredentialInvalid);
    assert!(control_plane.sessions(user.id, Utc::now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refresh_that_is_refused_does_not_spend_its_token() {
    let database = Database::migrated().await;
    let control_plane = control_plane(&database).await;
    let sessions = sessions(&control_plane);
    let user = joined(&control_plane).await;
    let now = Utc::now();
    let begun = sessions.begin("login", &user, device(), now).await.unwrap();
    let begun = serde_json::to_value(&begun).unwrap();
    let token = begun["refresh_token"].as_str().unwrap();

    let acme: ClientId = "acme".parse().unwrap();
    assert!(admin(&control_plane).suspend_tenant(&acme, "unpaid").await.unwrap());
    let later = now + TimeDelta::minutes(1);
    let refused = started_sessions(&database).await.refresh(token, later).await.unwrap_err();
    assert_eq!(Problem::from(refused).code(), Code::TenantSuspended);
    assert!(admin(&control_plane).resume_tenant(&acme).await.unwrap());
    let later = now + TimeDelta::minutes(2);
    assert!(started_sessions(&database).await.refresh(token, later).await.is_ok());
}

#[tokio::test]
async fn no_access_token_outlives_its_session() {
    let database = Database::migrated().await;
    let control_plane = control_plane(&database).await;
    let mut sessions = sessions(&control_plane);
    sessions.settings.refresh_days = 90;
    let user = joined(&control_plane).await;
    let now = Utc::now().trunc_subsecs(0);
    let begun = sessions.begin("login", &user, device(), now).await.unwrap();
    let begun = serde_json::to_value(&begun).unwrap();
    assert_eq!(begun["expires_in"], 900);
    let token = begun["refresh_token"].as_str().unwrap();
    let late = now + TimeDelta::days(90) - TimeDelta::minutes(1);
    let last = serde_json::to_value(sessions.refresh(token, late).await.unwrap()).unwrap();
    assert_eq!(last["expires_in"], 60);
}

#[tokio::test]
async fn a_second_factor_cannot_be_guessed_while_redis_is_unavailable() {
    let database = Database::migrated().await;
    let control_plane = control_plane(&database).await;
    let mut sessions = sessions(&control_plane);
    sessions.aggregates = Aggregates::connect(&testkit::redis_at("redis://127.0.0.1:1/")).unwrap();
    let user = joined(&control_plane).await;
    let sealed = TotpSecret::generate().unwrap().seal(&sessions.sealer, "acme", user.id).unwrap();
    let password = user.password_hash.as_ref().unwrap();
    assert!(control_plane.put_second_factor(user.id, &sealed).await.unwrap());
    let now = Utc::now();
    let confirmed = control_plane.confirm_second_factor(user.id, password, &sealed, 1, &[], now);
    assert!(confirmed.await.unwrap());
    let mut codes = Vec::new();
    for guess in ["000000", "111111", "222222", "333333", "444444", "555555"] {
        let refused = sessions.check_second_factor(&user, Some(guess), now).await.unwrap_err();
        codes.push(Problem::from(refused).code());
    }
    assert_eq!(codes[..5], [Code::CredentialInvalid; 5]);
    assert_eq!(codes[5], Code::RateLimited);
}

/// Returns the sessions of a process that has just started: it has no tenant in its cache.
async fn started_sessions(database: &Database) -> Sessions {
    sessions(&ControlPlane::connect(&database.settings()).await.unwrap())
}

async fn control_plane(database: &Database) -> ControlPlane {
    let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
    control_plane.migrate().await.unwrap();
    control_plane
}

#[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
fn admin(control_plane: &ControlPlane) -> PlatformControl {
    control_plane.for_platform(&TenantRouter::platform("cli"))
}

fn device() -> Device {
    Device { address: "192.0.2.1".parse().unwrap(), user_agent: None }
}

/// Returns the user of `acme`, who has accepted the invitation.
async fn joined(control_plane: &ControlPlane) -> StoredUser {
    let (_, invitation) = acme(control_plane).await;
    let password = PasswordHash::from_stored("$argon2id$".into());
    let accepted =
        control_plane.accept_invitation(&invitation.token_hash, &password, Utc::now()).await;
    accepted.unwrap().unwrap()
}

/// Creates the tenant `acme` with one user, who is invited.
async fn acme(control_plane: &ControlPlane) -> (TenantControl, NewInvitation) {
    let client_id: ClientId = "acme".parse().unwrap();
    let admin = admin(control_plane);
    let account = || Account { user: "nobody".into(), password: Secret::new("nothing") };
    let cluster = Cluster {
        name: "shared".parse().unwrap(),
        url: "http://127.0.0.1:1".into(),
        writer: account(),
        reader: account(),
    };
    admin.register_cluster(&Sealer::new([7; 32]), &cluster).await.unwrap();
    let spec = TenantSpec {
        client_id: client_id.clone(),
        name: "Acme".into(),
        limits: Limits::default(),
        retention_days: 400,
        rollup_retention_days: 761,
        time_zone: chrono_tz::UTC,
        currency: "EUR".parse().unwrap(),
        origins: Vec::new(),
    };
    admin.create_tenant(&spec, Isolation::Shared, &cluster.name).await.unwrap();
    assert!(admin.activate_tenant(&client_id).await.unwrap());
    let user = NewUser {
        user_id: Uuid::now_v7(),
        email: EMAIL.into(),
        role: Role::Analyst,
        advertiser_id: None,
    };
    let (_, invitation) = invitations::generate(Utc::now()).unwrap();
    admin.invite_user(&client_id, &user, &invitation).await.unwrap();
    let acme = control_plane.for_tenant(&tenant_context(tenant_record(&client_id)).await);
    (acme, invitation)
}

fn sessions(control_plane: &ControlPlane) -> Sessions {
    let settings = TokenSettings {
        issuer: "https://footfall.test".into(),
        audience: "footfall".into(),
        access_seconds: 900,
        refresh_days: 30,
        session_days: 90,
    };
    let key = SigningKey::generate().unwrap();
    let signer = settings.signer(&key).unwrap();
    let shared = Arc::new(control_plane.clone());
    Sessions {
        web: WebState::new(shared.clone(), shared.clone(), settings.verifier(&[key]).unwrap()),
        store: shared,
        signer,
        settings,
        aggregates: Aggregates::connect(&testkit::redis()).unwrap(),
        gate: PasswordGate::new(),
        sealer: Sealer::new([7; 32]),
    }
}
