use auth::Role;
use chrono::{DateTime, Utc};
use control_plane::{
    ControlPlaneError, Quota, ReportKind, ReportReader, ReportVisibility, ReportWriter,
    SavedReport, TenantControl,
};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::Platform;

const QUOTA: Quota = Quota { of_tenant: 3, of_user: 1 };

fn report(name: &str, visibility: ReportVisibility, author: Uuid) -> SavedReport {
    let created_at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    SavedReport {
        report_id: Uuid::now_v7(),
        name: name.into(),
        description: None,
        visibility,
        kind: ReportKind::Query,
        request: json!({"metrics": ["sales"]}),
        created_by: Some(author),
        created_at,
        updated_at: created_at,
    }
}

fn reader(user: Uuid) -> ReportReader {
    ReportReader { user: Some(user), sees_shared: true }
}

async fn save(tenant: &TenantControl, report: &SavedReport) -> Option<SavedReport> {
    tenant.create_saved_report("user:1", report, QUOTA).await.unwrap()
}

async fn names(tenant: &TenantControl, reader: ReportReader) -> Vec<String> {
    let listed = tenant.saved_reports(reader, None, 10).await.unwrap();
    listed.into_iter().map(|report| report.name).collect()
}

#[tokio::test]
async fn a_private_report_is_its_authors_and_a_shared_one_everybodys() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let private = save(&acme, &report("private", ReportVisibility::Private, ann)).await.unwrap();
    let shared = save(&acme, &report("shared", ReportVisibility::Shared, ann)).await.unwrap();
    assert_eq!(names(&acme, reader(ann)).await, ["private", "shared"]);
    assert_eq!(names(&acme, reader(bob)).await, ["shared"]);
    let limited = ReportReader { user: Some(ann), sees_shared: false };
    assert_eq!(names(&acme, limited).await, ["private"]);
    assert_eq!(acme.saved_report(limited, shared.report_id).await.unwrap(), None);
    assert_eq!(acme.saved_report(reader(bob), private.report_id).await.unwrap(), None);
    assert_eq!(acme.saved_report(reader(bob), shared.report_id).await.unwrap(), Some(shared));
}

#[tokio::test]
async fn only_its_author_and_a_manager_of_shared_ones_change_a_report() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let shared = save(&acme, &report("shared", ReportVisibility::Shared, bob)).await.unwrap();
    let private = save(&acme, &report("private", ReportVisibility::Private, bob)).await.unwrap();
    let manager = ReportWriter { user: ann, manages_shared: true };
    let reader_only = ReportWriter { user: ann, manages_shared: false };
    let replace = async |writer, report: &SavedReport| {
        acme.replace_saved_report("user:1", writer, report).await.unwrap()
    };
    let renamed = SavedReport { name: "renamed".into(), ..shared.clone() };
    assert_eq!(replace(reader_only, &renamed).await, None);
    assert_eq!(replace(manager, &renamed).await, Some(renamed.clone()));
    let stolen = SavedReport { visibility: ReportVisibility::Shared, ..private.clone() };
    assert_eq!(replace(manager, &stolen).await, None);
    for (writer, id) in [(reader_only, shared.report_id), (manager, private.report_id)] {
        assert_eq!(acme.delete_saved_report("user:1", writer, id).await.unwrap(), None);
    }
    let author = ReportWriter { user: bob, manages_shared: false };
    for id in [shared.report_id, private.report_id] {
        assert!(acme.delete_saved_report("user:1", author, id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn names_and_quotas_of_an_author_are_checked() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    save(&acme, &report("sales", ReportVisibility::Shared, ann)).await.unwrap();
    let same = report("sales", ReportVisibility::Shared, ann);
    let refused = acme.create_saved_report("user:1", &same, QUOTA).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Conflict { .. }), "{refused:?}");
    save(&acme, &report("sales", ReportVisibility::Private, ann)).await.unwrap();
    assert_eq!(save(&acme, &report("more", ReportVisibility::Private, ann)).await, None);
    save(&acme, &report("sales", ReportVisibility::Private, bob)).await.unwrap();
    assert_eq!(save(&acme, &report("more", ReportVisibility::Shared, bob)).await, None);
}

#[tokio::test]
async fn the_private_reports_of_a_disabled_or_deleted_user_are_removed_and_the_shared_ones_stay() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Analyst).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    save(&acme, &report("ann's own", ReportVisibility::Private, ann)).await.unwrap();
    save(&acme, &report("ann's", ReportVisibility::Shared, ann)).await.unwrap();
    assert!(acme.disable_user("user:1", ann).await.unwrap());
    assert_eq!(names(&acme, reader(ann)).await, ["ann's"]);

    save(&acme, &report("bob's own", ReportVisibility::Private, bob)).await.unwrap();
    let shared = save(&acme, &report("bob's", ReportVisibility::Shared, bob)).await.unwrap();
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    for (statement, value) in [
        (include_str!("../../queries/session/for_tenant.sql"), "acme".to_owned()),
        ("DELETE FROM app_user WHERE user_id = $1::uuid", bob.to_string()),
    ] {
        sqlx::query(statement).bind(value).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(names(&acme, reader(bob)).await, ["ann's", "bob's"]);
    let found = acme.saved_report(reader(ann), shared.report_id).await.unwrap();
    assert_eq!(found, Some(SavedReport { created_by: None, ..shared }));
}

#[tokio::test]
async fn another_tenant_finds_no_report_to_read_change_or_delete() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let shared = save(&acme, &report("shared", ReportVisibility::Shared, ann)).await.unwrap();
    let globex = platform.tenant("globex").await;
    let writer = ReportWriter { user: ann, manages_shared: true };
    assert_eq!(globex.saved_report(reader(ann), shared.report_id).await.unwrap(), None);
    let replaced = globex.replace_saved_report("user:1", writer, &shared).await.unwrap();
    assert_eq!(replaced, None);
    let deleted = globex.delete_saved_report("user:1", writer, shared.report_id).await.unwrap();
    assert_eq!(deleted, None);
}
