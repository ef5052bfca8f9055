use auth::{Authority, CampaignScope, Principal, Role, Subject};
use chrono::Utc;
use control_plane::{
    Annotation, AnnotationScope, Cadence, Cluster, ControlPlaneError, KeptCohort, NewReportJob,
    Quota, ReportJobKind, ReportKind, ReportSchedule, ReportVisibility, SavedReport,
    ScheduleSource, TenantControl,
};
use metrics::{DeclaredDimension, PropertyType};
use serde_json::json;
use sqlx::{Postgres, Transaction};
use tenancy::Isolation;
use uuid::Uuid;

use crate::fixture::{Platform, cluster, sealer, spec};

async fn two_tenants_with_a_campaign_each() -> Platform {
    let platform = Platform::new().await;
    for tenant in ["acme", "globex"] {
        let control = platform.tenant(tenant).await;
        let campaign = format!("{tenant}-spring").parse().unwrap();
        control.observe_campaigns(&[campaign], Utc::now()).await.unwrap();
        let email = format!("ann@{tenant}.example");
        let (user, _) = platform.invited(tenant, &email, auth::Role::Owner).await;
        keep_one_of_each(&control, user).await;
        queue_a_job(&control, tenant, user).await;
        control.reserve_resubmissions("user:1", &[Uuid::now_v7()], Utc::now()).await.unwrap();
    }
    platform
}

/// Creates an annotation, a saved report and a kept cohort of a user, and declares a dimension.
async fn keep_one_of_each(control: &TenantControl, user: Uuid) {
    let quota = Quota { of_tenant: 10, of_user: 10 };
    let now = Utc::now();
    let annotation = Annotation {
        annotation_id: Uuid::now_v7(),
        at: now,
        until: None,
        text: "New checkout".into(),
        scope: AnnotationScope::Tenant,
        campaign_id: None,
        created_by: Some(user),
        created_at: now,
        updated_at: now,
    };
    control.create_annotation("user:1", &annotation, quota).await.unwrap().unwrap();
    let report = SavedReport {
        report_id: Uuid::now_v7(),
        name: "Sales".into(),
        description: None,
        visibility: ReportVisibility::Shared,
        kind: ReportKind::Query,
        request: json!({"metrics": ["sales"]}),
        created_by: Some(user),
        created_at: now,
        updated_at: now,
    };
    control.create_saved_report("user:1", &report, quota).await.unwrap().unwrap();
    let cohort = KeptCohort {
        cohort_id: Uuid::now_v7(),
        name: "Buyers".into(),
        description: None,
        definition: json!({"events": ["purchase"], "time": {"last_days": 30}}),
        created_by: Some(user),
        created_at: now,
        updated_at: now,
    };
    control.create_kept_cohort("user:1", &cohort, 10).await.unwrap().unwrap();
    let dimension = DeclaredDimension {
        name: "tier".parse().unwrap(),
        pointer: "/properties/tier".parse().unwrap(),
        kind: PropertyType::String,
    };
    assert!(control.declare_dimension("user:1", &dimension, 10).await.unwrap());
}

/// Queues a report job of a user, and a schedule.
async fn queue_a_job(control: &TenantControl, tenant: &str, user: Uuid) {
    let asked_by = Principal {
        subject: Subject::User(user),
        client_id: Some(tenant.parse().unwrap()),
        authority: Authority::Role(Role::Owner),
        scope: CampaignScope::All,
        tenant_version: None,
        subject_version: Some(1),
        session_id: None,
        expires_at: None,
    };
    let job = NewReportJob {
        job_id: Uuid::now_v7(),
        kind: ReportJobKind::Events,
        request: &json!({}),
        asked_by: &asked_by,
        created_at: Utc::now(),
    };
    control.create_report_job(&job, 10).await.unwrap().unwrap();
    let schedule = ReportSchedule {
        schedule_id: Uuid::now_v7(),
        name: "Events".into(),
        source: ScheduleSource::Request { kind: ReportJobKind::Events, request: json!({}) },
        range: None,
        cadence: Cadence { weekday: None, at: chrono::NaiveTime::MIN },
        asked_by,
        created_by: user,
        created_at: Utc::now(),
        updated_at: Utc::now(),
        next_run_at: Utc::now(),
        last_run_at: None,
    };
    let quota = Quota { of_tenant: 10, of_user: 10 };
    control.create_schedule("user:1", &schedule, quota).await.unwrap().unwrap();
}

async fn as_acme(platform: &Platform) -> Transaction<'static, Postgres> {
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    sqlx::query(include_str!("../../queries/session/for_tenant.sql"))
        .bind("acme")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

#[tokio::test]
async fn a_query_without_a_where_clause_sees_its_own_tenant_only() {
    let platform = two_tenants_with_a_campaign_each().await;
    let mut transaction = as_acme(&platform).await;
    let seen: Vec<String> = sqlx::query_scalar("SELECT campaign_id FROM campaign")
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(seen, ["acme-spring"]);
    let changed = sqlx::query("UPDATE campaign SET name = 'stolen' WHERE client_id = 'globex'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 0);
}

#[tokio::test]
async fn a_tenant_cannot_write_a_row_of_another() {
    let platform = two_tenants_with_a_campaign_each().await;
    let forged = sqlx::query(
        "INSERT INTO campaign (client_id, campaign_id, name) VALUES ('globex', 'forged', 'forged')",
    )
    .execute(&mut *as_acme(&platform).await)
    .await
    .unwrap_err();
    assert!(forged.to_string().contains("row-level security"), "{forged}");
}

#[tokio::test]
async fn a_connection_without_settings_sees_nothing() {
    let platform = two_tenants_with_a_campaign_each().await;
    let raw = platform.database.raw().await;
    for table in [
        "tenant",
        "placement",
        "campaign",
        "cluster",
        "audit_log",
        "replay",
        "invitation",
        "annotation",
        "saved_report",
        "kept_cohort",
        "report_job",
        "report_schedule",
        "declared_dimension",
        "usage_count",
        "offboarding",
        "offboarding_step",
    ] {
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
                .fetch_one(&raw)
                .await
                .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn a_tenant_sees_its_own_campaigns_only() {
    let platform = two_tenants_with_a_campaign_each().await;
    let acme = platform.tenant("acme").await;
    let listed = acme.campaigns(&Default::default(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let foreign = "globex-spring".parse().unwrap();
    assert_eq!(acme.campaign(&Default::default(), &foreign).await.unwrap(), None);
    let changed = acme.change_campaign("user:1", &foreign, Some("stolen"), None).await;
    assert_eq!(changed.unwrap(), None);
}

#[tokio::test]
async fn cluster_passwords_are_stored_sealed_and_read_back() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    assert!(!admin.register_cluster(&sealer(), &cluster("shared")).await.unwrap(), "known already");
    assert_eq!(admin.clusters(&sealer()).await.unwrap(), [cluster("shared")]);
    let mut moved = cluster("shared");
    moved.url = "http://127.0.0.1:9999".into();
    assert!(admin.register_cluster(&sealer(), &moved).await.unwrap());
    assert_eq!(admin.clusters(&sealer()).await.unwrap(), [moved]);
}

#[tokio::test]
async fn no_tenant_is_created_on_a_drained_cluster_and_those_on_it_stay() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let shared = "shared".parse().unwrap();
    assert!(admin.drain_cluster(&shared).await.unwrap());
    assert!(!admin.drain_cluster(&shared).await.unwrap(), "it is drained");
    let refused = admin.create_tenant(&spec("initech"), Isolation::Shared, &shared).await;
    assert!(matches!(refused, Err(ControlPlaneError::Drained)), "{refused:?}");
    let registered = admin.registered_clusters(&sealer()).await.unwrap().remove(0);
    assert_eq!((&registered.cluster, registered.tenants), (&cluster("shared"), 2));
    assert!(registered.drained_since.is_some());
    admin.update_tenant(&spec("acme")).await.unwrap();
    // A cluster that is registered again stays drained.
    let moved = Cluster { url: "http://127.0.0.1:9999".into(), ..cluster("shared") };
    assert!(admin.register_cluster(&sealer(), &moved).await.unwrap());
    assert!(admin.cluster_names().await.unwrap()[&shared].is_some());
    assert!(admin.resume_cluster(&shared).await.unwrap());
    assert!(!admin.resume_cluster(&shared).await.unwrap(), "it is not drained");
    admin.create_tenant(&spec("initech"), Isolation::Shared, &shared).await.unwrap();
}
