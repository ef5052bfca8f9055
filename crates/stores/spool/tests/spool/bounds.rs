use spool::{Spool, SpoolError};
use tempfile::TempDir;

use crate::support::*;

#[tokio::test]
async fn it_is_full_at_its_limit_and_accepts_more_once_drained() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_bytes = 10_000;
    let spool = Spool::open(&settings).unwrap();
    let mut accepted = 0;
    while accepted < 100 && spool.append([&[1; 1_000][..]]).await.is_ok() {
        accepted += 1;
    }
    assert_eq!(accepted, 9);
    assert!(spool.bytes() <= 10_000);
    assert!(matches!(spool.append([&[1; 1_000][..]]).await, Err(SpoolError::Full)));
    spool.append([&b"small"[..]]).await.unwrap();
    assert_eq!(drain(&spool).await.len(), accepted + 1);
    spool.append([&[1; 1_000][..]]).await.unwrap();
}

#[tokio::test]
async fn segments_of_an_earlier_process_count_towards_the_limit() {
    let folder = TempDir::new().unwrap();
    append_each(&open(folder.path()), &[vec![1; 9_000]]).await;
    let mut settings = settings(folder.path());
    settings.max_bytes = 10_000;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&[1; 1_000][..]]).await, Err(SpoolError::Full)));
}

#[tokio::test]
async fn a_disk_above_its_limit_accepts_nothing() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_disk_percent = 1;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&b"event"[..]]).await, Err(SpoolError::Full)));
    assert!(matches!(spool.check(), Err(SpoolError::Full)));
}

#[tokio::test]
async fn a_spool_of_zero_bytes_accepts_nothing() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    settings.max_bytes = 0;
    let spool = Spool::open(&settings).unwrap();
    assert!(matches!(spool.append([&b"event"[..]]).await, Err(SpoolError::Full)));
    assert!(files(folder.path(), "segment").is_empty());
}

#[tokio::test]
async fn only_one_process_can_open_the_folder() {
    let folder = TempDir::new().unwrap();
    let spool = open(folder.path());
    let Err(refused) = Spool::open(&settings(folder.path())) else { panic!("opened twice") };
    let message = refused.to_string();
    assert!(message.starts_with("spool.folder ") && message.contains("in use"), "{message}");
    drop(spool);
    open(folder.path());
}

#[test]
fn invalid_settings_are_refused_by_name() {
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
