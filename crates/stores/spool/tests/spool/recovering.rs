//! After a crash or disk damage, only records that were appended are drained.

use std::{fs, path::Path};

use spool::{Spool, SpoolError};
use tempfile::TempDir;

use crate::support::*;

const HEADER: usize = 28;
const FRAME: usize = 16;

fn records() -> Vec<Vec<u8>> {
    vec![b"first".to_vec(), vec![0; 40], b"the third, and the last".to_vec()]
}

/// Returns where each record's frame ends.
fn ends() -> Vec<usize> {
    let lengths = records().into_iter().map(|record| FRAME + 4 + record.len());
    lengths
        .scan(HEADER, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect()
}

/// Returns the bytes of a segment with these records.
async fn segment() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    append_each(&open(folder.path()), &records()).await;
    let bytes = fs::read(&files(folder.path(), "segment")[0]).unwrap();
    assert_eq!(ends().last(), Some(&bytes.len()));
    bytes
}

/// Creates a folder with these bytes as segment 7.
fn folder_with(bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 7, bytes);
    folder
}

fn write(folder: &Path, sequence: u64, bytes: &[u8]) {
    fs::write(folder.join(format!("{sequence:020}.segment")), bytes).unwrap();
}

#[tokio::test]
async fn a_segment_cut_at_any_byte_yields_exactly_its_whole_records() {
    let bytes = segment().await;
    for length in 0..=bytes.len() {
        let folder = folder_with(&bytes[..length]);
        let whole = ends().iter().filter(|end| **end <= length).count();
        // The next process appends, dies, and is restarted.
        append_each(&open(folder.path()), &[b"later".to_vec()]).await;
        let spool = open(folder.path());
        let mut expected = records()[..whole].to_vec();
        expected.push(b"later".to_vec());
        assert_eq!(drain(&spool).await, expected, "cut at {length}");
        assert!(
            files(folder.path(), "corrupt").is_empty(),
            "cut at {length}: a torn end is not damage"
        );
    }
}

#[tokio::test]
async fn an_end_of_zeros_or_garbage_is_torn() {
    let bytes = segment().await;
    for tail in [vec![0; 5_000], vec![0xa5; 5_000], bytes[HEADER..ends()[0] - 1].to_vec()] {
        let folder = folder_with(&[&bytes[..], &tail].concat());
        let spool = open(folder.path());
        assert_eq!(drain(&spool).await, records());
        assert!(files(folder.path(), "corrupt").is_empty());
    }
}

#[tokio::test]
async fn a_segment_with_nothing_but_a_torn_frame_is_removed() {
    let bytes = segment().await;
    let folder = folder_with(&bytes[..ends()[0] - 1]);
    let spool = open(folder.path());
    assert_eq!((spool.bytes(), spool.count_left().unwrap()), (0, 0));
}

#[tokio::test]
async fn a_flipped_bit_costs_its_frame_and_the_file_is_set_aside() {
    let bytes = segment().await;
    for byte in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let folder = folder_with(&flipped);
        let drained = drain(&open(folder.path())).await;
        let aside = files(folder.path(), "corrupt");

        let hit = ends().iter().position(|end| byte < *end).unwrap();
        let mut expected = records();
        if byte < HEADER {
            expected.clear();
        } else {
            expected.remove(hit);
        }
        assert_eq!(drained, expected, "byte {byte}");
        let torn = byte >= ends()[1];
        assert_eq!(aside.len(), usize::from(!torn), "byte {byte}");
        if let [aside] = &aside[..] {
            assert_eq!(fs::read(aside).unwrap(), flipped, "an operator gets the whole file");
        }
        assert!(files(folder.path(), "segment").is_empty(), "byte {byte}");
    }
}

#[tokio::test]
async fn only_the_newest_segment_can_be_torn() {
    let bytes = segment().await;
    let folder = folder_with(&bytes[..bytes.len() - 1]);
    write(folder.path(), 8, &bytes);
    let spool = open(folder.path());
    let expected = [&records()[..2], &records()].concat();
    assert_eq!(drain(&spool).await, expected);
    assert_eq!(files(folder.path(), "corrupt").len(), 1);
}

#[tokio::test]
async fn a_frame_of_another_segment_within_a_record_is_not_read() {
    let foreign = segment().await;
    let folder = TempDir::new().unwrap();
    let sent = vec![b"begin".to_vec(), foreign[HEADER..].to_vec(), b"end".to_vec()];
    append_each(&open(folder.path()), &sent).await;
    let path = &files(folder.path(), "segment")[0];
    let mut bytes = fs::read(path).unwrap();
    // Damages the frame around the foreign frames.
    let second = HEADER + FRAME + 4 + sent[0].len();
    bytes[second] ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(drain(&open(folder.path())).await, [b"begin".to_vec(), b"end".to_vec()]);
}

#[tokio::test]
async fn damage_longer_than_one_scan_is_skipped() {
    let folder = TempDir::new().unwrap();
    let sent = vec![vec![1; 10], vec![2; 200_000], vec![3; 10]];
    append_each(&open(folder.path()), &sent).await;
    let path = &files(folder.path(), "segment")[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[100_000] ^= 1;
    fs::write(path, bytes).unwrap();
    let drained = drain(&open(folder.path())).await;
    assert!(drained == [sent[0].clone(), sent[2].clone()]);
}

#[tokio::test]
async fn a_segment_of_a_later_version_is_not_touched() {
    let mut bytes = segment().await;
    bytes[7] = 2;
    let sum = crc32c::crc32c(&bytes[..24]).to_le_bytes();
    bytes[24..HEADER].copy_from_slice(&sum);
    let folder = folder_with(&bytes);
    let opened = Spool::open(&settings(folder.path()));
    assert!(matches!(opened, Err(SpoolError::Version { version: 2, .. })));
    assert_eq!(files(folder.path(), "segment").len(), 1);
}

#[tokio::test]
async fn later_damage_is_detected_while_draining() {
    let folder = TempDir::new().unwrap();
    let spool = open(folder.path());
    append_each(&spool, &records()).await;
    let path = &files(folder.path(), "segment")[0];
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(drain(&spool).await, records()[..2]);
    assert_eq!(files(folder.path(), "corrupt").len(), 1);
}
