use control_plane::Group;
use futures::future::join_all;

use crate::fixture::{Database, Platform};

#[tokio::test]
async fn migrating_twice_and_from_many_processes_at_once_is_safe() {
    let database = Database::empty().await;
    let processes = join_all((0..4).map(|_| database.control_plane())).await;
    for result in join_all(processes.iter().map(|process| process.migrate())).await {
        result.unwrap();
    }
    processes[0].migrate().await.unwrap();
    assert!(processes[0].ledger().as_of(Group::Store, "events.v1").await.unwrap().is_none());
}

#[tokio::test]
async fn without_its_tables_the_error_names_the_command_to_run() {
    let database = Database::empty().await;
    let ledger = database.control_plane().await.ledger();
    let error = ledger.as_of(Group::Store, "events.v1").await.unwrap_err();
    assert!(error.to_string().contains("run `footfall migrate`"), "{error}");
}

#[tokio::test]
async fn every_table_with_a_tenant_or_a_secret_has_row_level_security() {
    let platform = Platform::new().await;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
           AND NOT (relrowsecurity AND relforcerowsecurity)
         ORDER BY relname",
    )
    .fetch_all(&platform.database.raw().await)
    .await
    .unwrap();
    // The hashes of the audit log tell nothing of it. The times of backups, the ledger and sqlx's list of migrations belong to no tenant and contain no secret.
    let ledger = [
        "archived",
        "audit_chain",
        "audit_look",
        "backup",
        "batch",
        "lease",
        "log_generation",
        "owed_rebuild",
        "parked_log",
        "tenant_route",
    ];
    assert_eq!(open, [&["_sqlx_migrations"], &ledger[..]].concat());
}
