use std::{collections::BTreeSet, time::Duration};

use auth::{CampaignScope, Role};
use chrono::Utc;
use control_plane::{ControlPlaneError, EraseReceipt, EraseStep};
use metrics::{DeclaredDimension, PropertyType};
use serde_json::json;
use tenancy::{Isolation, TenantDirectory, TenantState};

use crate::{
    fixture::{Platform, begin, id, refresh_token, spec},
    kept_cohorts::cohort,
    report_jobs::{analyst, queued},
    schedules::{created, own_request, weekly},
};

async fn state(platform: &Platform, tenant: &str) -> Option<TenantState> {
    let found = platform.admin().tenant(&id(tenant)).await.unwrap();
    found.map(|tenant| tenant.record.state)
}

#[tokio::test]
async fn a_tenant_can_be_resumed_until_its_grace_period_ends() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let acme = id("acme");
    assert!(admin.begin_offboarding(&acme, "ended", Duration::from_hours(1)).await.unwrap());
    assert!(!admin.begin_offboarding(&acme, "again", Duration::ZERO).await.unwrap());
    assert!(!admin.begin_erasing(&acme).await.unwrap());
    assert_eq!(state(&platform, "acme").await, Some(TenantState::Offboarding), "the grace lasts");
    assert!(admin.due_offboardings().await.unwrap().is_empty());
    assert!(admin.resume_tenant(&acme).await.unwrap());
    assert_eq!(admin.offboarding(&acme).await.unwrap(), None);

    assert!(admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap());
    assert_eq!(admin.due_offboardings().await.unwrap(), [id("acme")]);
    assert!(admin.begin_erasing(&acme).await.unwrap());
    assert_eq!(state(&platform, "acme").await, Some(TenantState::Erasing));
    assert!(!admin.resume_tenant(&acme).await.unwrap(), "what is being erased is not resumed");
}

#[tokio::test]
async fn an_erased_tenant_leaves_the_receipt_and_the_audit_log_and_its_id_is_not_used_again() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let (acme, globex) = (id("acme"), id("globex"));
    platform.user("acme", "ann@acme.example", Role::Owner).await;
    platform.user("globex", "bob@globex.example", Role::Owner).await;
    admin.put_campaign(&acme, &"spring".parse().unwrap(), "Spring", None).await.unwrap();
    admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap();
    assert!(admin.begin_erasing(&acme).await.unwrap());
    admin.begin_erase_step(&acme, EraseStep::Redis, &json!({})).await.unwrap();
    admin.finish_erase_step(&acme, EraseStep::Redis, &json!({"keys": 3})).await.unwrap();
    while !admin.erase_some_rows(&acme).await.unwrap() {}

    assert_eq!(state(&platform, "acme").await, None);
    assert_eq!(admin.users(&globex).await.unwrap().len(), 1, "a neighbour loses nothing");
    assert!(admin.users(&acme).await.unwrap().is_empty());
    let offboarding = admin.offboarding(&acme).await.unwrap().unwrap();
    let postgres = offboarding.step(EraseStep::Postgres).unwrap();
    assert!(postgres.finished_at.is_some());
    for (table, rows) in [("app_user", 1), ("campaign", 1), ("placement", 1), ("tenant", 1)] {
        assert_eq!(postgres.counts[table], rows, "{table}: {}", postgres.counts);
    }
    assert_eq!(offboarding.step(EraseStep::Redis).unwrap().counts, json!({"keys": 3}));

    let receipt = EraseReceipt { erased_at: Utc::now(), text: "{}".into(), sha256: [7; 32] };
    admin.finish_offboarding(&acme, &receipt).await.unwrap();
    assert!(admin.due_offboardings().await.unwrap().is_empty());
    let kept = admin.offboarding(&acme).await.unwrap().unwrap().receipt.unwrap();
    assert_eq!((kept.text, kept.sha256), (receipt.text, receipt.sha256));
    let log = admin.audit_log(None, 100).await.unwrap();
    assert!(log.iter().any(|row| row.action == "tenant.create"), "the audit log outlives it");

    let shared = "shared".parse().unwrap();
    let again = admin.create_tenant(&spec("acme"), Isolation::Shared, &shared).await;
    assert!(matches!(again, Err(ControlPlaneError::Conflict { .. })), "{again:?}");
}

#[tokio::test]
async fn what_users_keep_and_plan_and_their_sessions_are_erased_with_their_tenant() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let mut tenants = BTreeSet::new();
    for (tenant, email) in [("acme", "ann@acme.example"), ("globex", "bob@globex.example")] {
        let user = platform.user(tenant, email, Role::Owner).await;
        let control = platform.tenant(tenant).await;
        let dimension = DeclaredDimension {
            name: "loyalty_tier".parse().unwrap(),
            pointer: "/properties/loyalty/tier".parse().unwrap(),
            kind: PropertyType::String,
        };
        assert!(control.declare_dimension("user:1", &dimension, 5).await.unwrap());
        let kept = control.create_kept_cohort("user:1", &cohort("buyers", user), 5).await;
        kept.unwrap().unwrap();
        created(&control, &weekly(user, own_request())).await.unwrap();
        queued(&control, &analyst(tenant, CampaignScope::All)).await.unwrap();
        begin(&platform.control_plane, user, &refresh_token(Utc::now())).await;
        tenants.insert(id(tenant));
    }
    platform.control_plane.raise_data_versions(&tenants).await.unwrap();
    let acme = id("acme");
    admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap();
    assert!(admin.begin_erasing(&acme).await.unwrap());
    while !admin.erase_some_rows(&acme).await.unwrap() {}
    let offboarding = admin.offboarding(&acme).await.unwrap().unwrap();
    let counts = &offboarding.step(EraseStep::Postgres).unwrap().counts;
    for table in [
        "declared_dimension",
        "kept_cohort",
        "data_version",
        "report_schedule",
        "report_job",
        "refresh_family",
        "app_user",
    ] {
        assert_eq!(counts[table], 1, "{table}: {counts}");
    }
    // A late event that is stored meanwhile brings nothing back, and blocks no batch.
    platform.control_plane.raise_data_versions(&tenants).await.unwrap();
    let globex = platform.tenant("globex").await;
    assert_eq!(globex.declared_dimensions().await.unwrap().len(), 1, "a neighbour loses nothing");
    assert_eq!(globex.kept_cohorts(None, 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_table_with_rows_of_tenants_refers_to_the_tenant_so_that_none_is_forgotten() {
    let platform = Platform::new().await;
    let raw = platform.database.raw().await;
    let forgotten: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns
         WHERE column_name = 'client_id' AND table_schema = 'public'
           AND table_name NOT IN ('tenant', 'audit_log', 'offboarding', 'offboarding_step')
           AND NOT EXISTS (
               SELECT FROM pg_constraint
               WHERE contype = 'f' AND confrelid = 'tenant'::regclass
                 AND conrelid = format('public.%I', table_name)::regclass
           )",
    )
    .fetch_all(&raw)
    .await
    .unwrap();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[tokio::test]
async fn only_a_tenant_that_is_offboarded_is_erased_and_only_a_provisioned_one_activated() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let acme = id("acme");
    admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap();
    assert!(!admin.activate_tenant(&acme).await.unwrap(), "a late run of the onboarding");
    assert_eq!(state(&platform, "acme").await, Some(TenantState::Offboarding));

    let raw = platform.database.raw().await;
    let mut transaction = raw.begin().await.unwrap();
    for sql in [
        "SET LOCAL footfall.platform = 'on'",
        "UPDATE tenant SET state = 'active' WHERE client_id = 'acme'",
    ] {
        sqlx::query(sql).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert!(!admin.begin_erasing(&acme).await.unwrap());
    assert_eq!(admin.offboarding(&acme).await.unwrap().unwrap().erasing_since, None);
}

#[tokio::test]
async fn a_suspended_tenant_stays_suspended_through_its_offboarding() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let admin = platform.admin();
    let acme = id("acme");
    assert!(admin.suspend_tenant(&acme, "unpaid").await.unwrap());
    assert!(admin.begin_offboarding(&acme, "ended", Duration::from_hours(1)).await.unwrap());
    assert_eq!(state(&platform, "acme").await, Some(TenantState::Offboarding));
    let served = store.find(&acme).await.unwrap().unwrap();
    assert_eq!(served.state, TenantState::Suspended, "it reads nothing");
    assert_eq!(served.state_reason.as_deref(), Some("unpaid"));
    assert!(admin.resume_tenant(&acme).await.unwrap());
    let resumed = admin.tenant(&acme).await.unwrap().unwrap().record;
    assert_eq!(resumed.state, TenantState::Suspended);
    assert_eq!(resumed.state_reason.as_deref(), Some("unpaid"));
    assert!(admin.resume_tenant(&acme).await.unwrap());
    assert_eq!(state(&platform, "acme").await, Some(TenantState::Active));
}
