use std::sync::Arc;

use aggregates::Aggregates;
use auth::{Role, Sealer, SessionStore, SigningKey};
use chrono::Utc;
use control_plane::{Account, Cluster, ControlPlane, NewUser, TenantControl, TenantSpec};
use problem::{Code, Problem};
use settings::Secret;
use tenancy::{ClientId, Isolation, Limits, TenantRouter, TenantState};
use testkit::{Database, tenant_context, tenant_record};
use uuid::Uuid;
use web::{TokenSettings, WebState};

use crate::{
    invitations,
    sessions::{PasswordGate, Sessions},
};

const EMAIL: &str = "ann@acme.example";

#[tokio::test]
async fn a_user_who_is_disabled_during_the_login_gets_no_token() {
    let database = Database::create().await;
    let control_plane = control_plane(&database).await;
    let acme = acme(&control_plane).await;
    let sessions = sessions(&control_plane);
    let user = control_plane.user_by_email(EMAIL, None).await.unwrap().unwrap();
    assert!(sessions.grant(&user, Uuid::now_v7()).await.is_ok());

    // The password was verified. The user is disabled before the token is issued.
    assert!(acme.disable_user("test", user.id).await.unwrap());
    let refused = Problem::from(sessions.grant(&user, Uuid::now_v7()).await.unwrap_err());
    assert_eq!(refused.code(), Code::CredentialInvalid);
}

async fn control_plane(database: &Database) -> ControlPlane {
    let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
    control_plane.migrate().await.unwrap();
    control_plane
}

/// Creates the tenant `acme` with one user.
async fn acme(control_plane: &ControlPlane) -> TenantControl {
    let client_id: ClientId = "acme".parse().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    let admin = control_plane.for_platform(&TenantRouter::platform("cli"));
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
        time_zone: chrono_tz::UTC,
        currency: "EUR".parse().unwrap(),
        origins: Vec::new(),
    };
    admin.create_tenant(&spec, Isolation::Shared, &cluster.name).await.unwrap();
    admin.set_tenant_state(&client_id, TenantState::Active).await.unwrap();
    let user = NewUser {
        user_id: Uuid::now_v7(),
        email: EMAIL.into(),
        role: Role::Analyst,
        advertiser_id: None,
    };
    let (_, invitation) = invitations::generate(Utc::now()).unwrap();
    admin.invite_user(&client_id, &user, &invitation).await.unwrap();
    control_plane.for_tenant(&tenant_context(tenant_record(&client_id)).await)
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
