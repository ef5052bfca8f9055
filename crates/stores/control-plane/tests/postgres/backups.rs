use auth::{Role, Rotation};
use chrono::{DateTime, TimeDelta, Utc};

use crate::fixture::{Database, Platform, begin, refresh_token, rotate};

#[tokio::test]
async fn the_latest_copy_of_each_store_is_known_whichever_backup_ends_last() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    assert!(admin.latest_copies().await.unwrap().is_empty());
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let (early, late) = (at("2026-03-01T02:00:00Z"), at("2026-03-02T02:00:00Z"));
    admin.note_backup("two", &[("clickhouse", late), ("postgres", late)]).await.unwrap();
    admin.note_backup("one", &[("clickhouse", early), ("archive", early)]).await.unwrap();
    let mut known = admin.latest_copies().await.unwrap();
    known.sort();
    let copy = |store: &str, copied_at| (store.to_owned(), copied_at);
    assert_eq!(known, [copy("archive", early), copy("clickhouse", late), copy("postgres", late)]);
    admin.note_backup("three", &[("redis", late)]).await.unwrap_err();
}

#[tokio::test]
async fn nobody_is_logged_in_after_a_recovery() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let mut tokens = Vec::new();
    for (tenant, email) in [("acme", "ann@acme.example"), ("globex", "bob@globex.example")] {
        let user = platform.user(tenant, email, Role::Owner).await;
        let token = refresh_token(now);
        begin(store, user, &token).await;
        // This one has expired, so it need not end.
        begin(store, user, &refresh_token(now - TimeDelta::days(91))).await;
        tokens.push(token);
    }
    let admin = platform.admin();
    assert_eq!(admin.note_recovery(now - TimeDelta::minutes(5), now).await.unwrap(), 2);
    for token in &tokens {
        let refused = rotate(store, token, &refresh_token(now + TimeDelta::minutes(1))).await;
        assert!(matches!(refused, Rotation::Refused), "{refused:?}");
    }
    assert_eq!(admin.audit_log(None, 1).await.unwrap()[0].action, "restore.recover");
    assert_eq!(admin.note_recovery(now, now).await.unwrap(), 0);
}

#[tokio::test]
async fn an_empty_database_is_not_taken_for_a_recovered_one() {
    let database = Database::empty().await;
    let control_plane = database.control_plane().await;
    assert!(!control_plane.has_tables().await.unwrap());
    control_plane.migrate().await.unwrap();
    assert!(control_plane.has_tables().await.unwrap());
}
