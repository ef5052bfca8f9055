use chrono::{DateTime, Utc};

use crate::fixture::Platform;

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
