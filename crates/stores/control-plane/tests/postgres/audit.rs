use control_plane::{AuditEntry, AuditFault, AuditLink, AuditSource, AuditVerdict};
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

/// Changes the audit log as an administrator of PostgreSQL could: without its triggers.
async fn tamper(platform: &Platform, statement: &'static str) {
    let raw = platform.database.raw().await;
    let mut transaction = raw.begin().await.unwrap();
    for statement in [
        include_str!("../../queries/session/for_platform.sql"),
        "ALTER TABLE audit_log DISABLE TRIGGER append_only",
        "ALTER TABLE audit_chain DISABLE TRIGGER append_only",
        statement,
        "ALTER TABLE audit_log ENABLE TRIGGER append_only",
        "ALTER TABLE audit_chain ENABLE TRIGGER append_only",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Returns the last link of a log that is whole.
async fn last(platform: &Platform) -> AuditLink {
    match platform.admin().verify_audit_log(None).await.unwrap() {
        AuditVerdict::Whole { last: Some(last) } => last,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_row_that_was_changed_removed_or_cut_off_breaks_the_chain() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let kept = last(&platform).await;
    assert_eq!(kept.number, admin.audit_log(None, 500).await.unwrap().len() as u64);
    tamper(&platform, "UPDATE audit_log SET actor = 'nobody' WHERE audit_id = 2").await;
    let broken = admin.verify_audit_log(None).await.unwrap();
    assert_eq!(broken, AuditVerdict::Broken { number: 2, fault: AuditFault::Changed });

    let platform = Platform::new().await;
    let admin = platform.admin();
    tamper(&platform, "DELETE FROM audit_log WHERE audit_id = 2").await;
    let broken = admin.verify_audit_log(None).await.unwrap();
    assert_eq!(broken, AuditVerdict::Broken { number: 2, fault: AuditFault::NoRow });

    let platform = Platform::new().await;
    let admin = platform.admin();
    let kept = last(&platform).await;
    tamper(&platform, "DELETE FROM audit_chain WHERE number > 2").await;
    let broken = admin.verify_audit_log(None).await.unwrap();
    assert_eq!(broken, AuditVerdict::Unchained(kept.number - 2));
    tamper(&platform, "DELETE FROM audit_log WHERE audit_id > 2").await;
    assert_eq!(last(&platform).await.number, 2, "without a kept link, the cut is not found");
    let broken = admin.verify_audit_log(Some(kept)).await.unwrap();
    assert_eq!(broken, AuditVerdict::Broken { number: kept.number, fault: AuditFault::NoLink });
}

#[tokio::test]
async fn concurrent_transactions_have_a_link_each() {
    let platform = Platform::new().await;
    let before = last(&platform).await;
    let record = |number: usize| {
        let admin = platform.admin();
        async move {
            let subject = number.to_string();
            let entry = AuditEntry {
                action: "test.action",
                client_id: None,
                subject: &subject,
                detail: json!({"ü": [1, 2.5, null], "a": "b"}),
            };
            admin.audit(&entry).await.unwrap();
        }
    };
    futures::future::join_all((0..20).map(record)).await;
    let after = last(&platform).await;
    assert_eq!(after.number, before.number + 20);
    let again = platform.admin().verify_audit_log(Some(before)).await.unwrap();
    assert_eq!(again, AuditVerdict::Whole { last: Some(after) });
}

#[tokio::test]
async fn an_entry_names_its_source() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let source = AuditSource { address: "192.0.2.7".parse().unwrap(), request_id: "r1".into() };
    let entry =
        AuditEntry { action: "test.action", client_id: None, subject: "x", detail: json!({}) };
    source.during(admin.audit(&entry)).await.unwrap();
    let row = &admin.audit_log(None, 1).await.unwrap()[0];
    assert_eq!(row.address.as_deref(), Some("192.0.2.7"));
    assert_eq!(row.request_id.as_deref(), Some("r1"));
}
