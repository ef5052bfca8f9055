use spool::{Spool, SpoolError};
use tempfile::TempDir;

use crate::support::*;

#[tokio::test]
async fn it_is_full_at_its_bound_and_takes_more_once_drained() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_bytes = 10_000;
    let spool = Spool::open(&settings).unwrap();
    let mut taken = 0;
    while taken < 100 && spool.append([&[1; 1_000][..]]).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 9);
    assert!(spool.bytes() <= 10_000);
    assert!(matches!(spool.append([&[1; 1_000][..]]).await, Err(SpoolError::Full)));
    spool.append([&b"small"[..]]).await.unwrap();
    assert_eq!(drain(&spool).await.len(), taken + 1);
    spool.append([&[1; 1_000][..]]).await.unwrap();
}

#[tokio::test]
async fn what_is_left_of_an_earlier_process_counts() {
    let folder = TempDir::new().unwrap();
    append_each(&open(folder.path()), &[vec![1; 9_000]]).await;
    let mut settings = settings(folder.path());
    settings.max_bytes = 10_000;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&[1; 1_000][..]]).await, Err(SpoolError::Full)));
}

#[tokio::test]
async fn a_disk_fuller_than_its_share_takes_nothing() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_disk_percent = 1;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&b"event"[..]]).await, Err(SpoolError::Full)));
    assert!(matches!(spool.check(), Err(SpoolError::Full)));
}

#[tokio::test]
async fn a_spool_of_no_bytes_takes_nothing() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_bytes = 0;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&b"event"[..]]).await, Err(SpoolError::Full)));
    assert!(files(folder.path(), "segment").is_empty());
}

#[tokio::test]
async fn one_process_has_the_folder() {
    let folder = TempDir::new().unwrap();
    let spool = open(folder.path());
    let Err(refused) = Spool::open(&settings(folder.path())) else { panic!("taken twice") };
    let message = refused.to_string();
    assert!(message.starts_with("spool.folder ") && message.contains("in use"), "{message}");
    drop(spool);
    open(folder.path());
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let refused = |change: fn(&mut spool::SpoolSettings)| {
        let mut settings = settings(folder.path());
        change(&mut settings);
        settings.validate().unwrap_err().key
    };
    assert_eq!(refused(|settings| settings.folder = "".into()), "spool.folder");
    assert_eq!(refused(|settings| settings.max_disk_percent = 101), "spool.max_disk_percent");
    assert_eq!(refused(|settings| settings.segment_mib = 0), "spool.segment_mib");
    assert_eq!(refused(|settings| settings.segment_seconds = 0), "spool.segment_seconds");
}
