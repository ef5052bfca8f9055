use control_plane::AuditEntry;
use serde_json::json;

use crate::fixture::Platform;

#[tokio::test]
async fn rows_of_the_audit_log_cannot_be_changed() {
    let platform = Platform::new().await;
    let raw = platform.database.raw().await;
    for statement in
        ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
    {
        let mut transaction = raw.begin().await.unwrap();
        sqlx::query(include_str!("../../queries/session/for_platform.sql"))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let refused = sqlx::query(statement).execute(&mut *transaction).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn the_audit_log_names_actor_and_action_latest_first() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let entry =
        AuditEntry { action: "test.action", client_id: None, subject: "x", detail: json!({}) };
    admin.audit(&entry).await.unwrap();
    let log = admin.audit_log(None, 100).await.unwrap();
    assert_eq!((log[0].actor.as_str(), log[0].action.as_str()), ("cli", "test.action"));
    let earlier = admin.audit_log(Some(log[0].audit_id), 1).await.unwrap();
    assert_eq!(earlier, log[1..2]);
    assert!(
        log.iter()
            .any(|row| row.action == "tenant.create" && row.client_id.as_deref() == Some("acme"))
    );
}
