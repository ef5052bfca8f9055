use std::time::Duration;

use tempfile::TempDir;

use crate::support::*;

fn megabyte_and_a_half() -> Vec<Vec<u8>> {
    (0..150u32).map(|number| [&number.to_be_bytes()[..], &[7; 10_000]].concat()).collect()
}

#[tokio::test]
async fn records_are_drained_in_the_order_of_appends_across_segments_and_restarts() {
    let folder = TempDir::new().unwrap();
    let records = megabyte_and_a_half();
    let (first, rest) = records.split_at(120);
    append_each(&open(folder.path()), first).await;
    assert_eq!(files(folder.path(), "segment").len(), 2, "a second segment was begun");
    let spool = open(folder.path());
    append_each(&spool, rest).await;
    assert!(spool.bytes() > 1_500_000);
    assert!(drain(&spool).await == records);
    assert_eq!(spool.bytes(), 0);
    assert!(files(folder.path(), "segment").is_empty());
}

#[tokio::test]
async fn a_segment_that_was_not_deleted_is_drained_again_from_its_start() {
    let folder = TempDir::new().unwrap();
    let records: Vec<_> = (0..3u8).map(|number| vec![number; 5]).collect();
    let spool = open(folder.path());
    append_each(&spool, &records).await;
    for _ in 0..2 {
        let mut segment = spool.oldest().await.unwrap();
        assert_eq!(segment.next().await.unwrap().unwrap()[0], records[0]);
    }
    drop(spool);
    assert_eq!(drain(&open(folder.path())).await, records);
}

#[tokio::test]
async fn the_first_record_wakes_a_waiting_drain() {
    let folder = TempDir::new().unwrap();
    let spool = open(folder.path());
    let waiting = spool.clone();
    let drain = async move { waiting.oldest().await.unwrap().next().await.unwrap().unwrap() };
    let append = spool.append([&b"soon"[..], b"enough"]);
    let both = async { tokio::join!(drain, append) };
    let (records, appended) = tokio::time::timeout(Duration::from_secs(10), both).await.unwrap();
    appended.unwrap();
    assert_eq!(records, ["soon", "enough"]);
}

#[tokio::test]
async fn a_new_segment_begins_at_the_age_limit() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.segment_seconds = 1;
    let spool = spool::Spool::open(&settings).unwrap();
    testkit::eventually("a second segment begins", async || {
        spool.append([&b"event"[..]]).await.unwrap();
        (files(folder.path(), "segment").len() == 2).then_some(())
    })
    .await;
}
