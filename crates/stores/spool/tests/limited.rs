//! A limit of the operating system that splits a write.
#![cfg(test)]

use std::process::Command;

use spool::{Spool, SpoolError, SpoolSettings};
use tempfile::TempDir;

const INSIDE: &str = "SPOOL_TEST_INSIDE_THE_LIMIT";

/// Runs itself again with a limit of 8 blocks per file, which holds for the whole process.
#[test]
fn a_write_that_the_system_cuts_short_leaves_whole_records() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "yes")
        .output()
        .unwrap();
    assert!(limited.status.success(), "{}", String::from_utf8_lossy(&limited.stderr));
}

#[tokio::main(flavor = "current_thread")]
async fn inside() {
    let folder = TempDir::new().unwrap();
    let settings = SpoolSettings {
        folder: folder.path().to_owned(),
        max_bytes: 1 << 30,
        max_disk_percent: 100,
        segment_mib: 64,
        segment_seconds: 60,
    };
    let spool = Spool::open(&settings).unwrap();
    let mut accepted = 0;
    let refused = loop {
        match spool.append([&[7; 1_000][..]]).await {
            Ok(()) => accepted += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, SpoolError::Full), "{refused}");
    assert!((3..=8).contains(&accepted), "{accepted}");
    drop(spool);
    let spool = Spool::open(&settings).unwrap();
    let mut segment = spool.oldest().await.unwrap();
    for _ in 0..accepted {
        assert_eq!(segment.next().await.unwrap().unwrap()[0].len(), 1_000);
    }
    assert_eq!(segment.next().await.unwrap(), None);
}
