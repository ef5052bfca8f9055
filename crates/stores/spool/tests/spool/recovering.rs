//! Whatever a crash or the disk made of the files, no record comes back that was not appended.

use std::{fs, path::Path};

use spool::{Spool, SpoolError};
use tempfile::TempDir;

use crate::support::*;

const HEADER: usize = 28;
const FRAME: usize = 16;

fn records() -> Vec<Vec<u8>> {
    vec![b"first".to_vec(), vec![0; 40], b"the third, and the last".to_vec()]
}

/// Where each record's frame ends.
fn ends() -> Vec<usize> {
    let lengths = records().into_iter().map(|record| FRAME + 4 + record.len());
    lengths
        .scan(HEADER, |end, length| {
            *end += length;
            Some(*end)
        })
        .collect()
}

/// The bytes of the one segment that holds these records.
async fn segment() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    append_each(&open(folder.path()), &records()).await;
    let bytes = fs::read(&files(folder.path(), "segment")[0]).unwrap();
    assert_eq!(ends().last(), Some(&bytes.len()));
    bytes
}

/// A folder with these bytes as segment 7.
fn left_behind(bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 7, bytes);
    folder
}

fn write(folder: &Path, sequence: u64, bytes: &[u8]) {
    fs::write(folder.join(format!("{sequence:020}.segment")), bytes).unwrap();
}

#[tokio::test]
async fn cut_at_any_byte_it_gives_back_the_whole_records_and_no_other() {
    let bytes = segment().await;
    for length in 0..=bytes.len() {
        let folder = left_behind(&bytes[..length]);
        let whole = ends().iter().filter(|end| **end <= length).count();
        // Whoever starts adds to it, dies, and starts again.
        append_each(&open(folder.path()), &[b"later".to_vec()]).await;
        let spool = open(folder.path());
        let mut expected = records()[..whole].to_vec();
        expected.push(b"later".to_vec());
        assert_eq!(drain(&spool).await, expected, "cut at {length}");
        assert!(
            files(folder.path(), "corrupt").is_empty(),
            "cut at {length}: a torn end is no damage"
        );
    }
}

#[tokio::test]
async fn an_end_of_zeros_or_of_rubbish_is_torn() {
    let bytes = segment().await;
    for tail in [vec![0; 5_000], vec![0xa5; 5_000], bytes[HEADER..ends()[0] - 1].to_vec()] {
        let folder = left_behind(&[&bytes[..], &tail].concat());
        let spool = open(folder.path());
        assert_eq!(drain(&spool).await, records());
        assert!(files(folder.path(), "corrupt").is_empty());
    }
}

#[tokio::test]
async fn a_flipped_bit_costs_its_frame_and_the_file_is_kept() {
    let bytes = segment().await;
    for byte in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let folder = left_behind(&flipped);
        let drained = drain(&open(folder.path())).await;
        let kept = files(folder.path(), "corrupt");

        let hit = ends().iter().position(|end| byte < *end).unwrap();
        let mut expected = records();
        if byte < HEADER {
            expected.clear();
        } else {
            expected.remove(hit);
        }
        assert_eq!(drained, expected, "byte {byte}");
        let torn = byte >= ends()[1];
        assert_eq!(kept.len(), usize::from(!torn), "byte {byte}");
        if let [kept] = &kept[..] {
            assert_eq!(fs::read(kept).unwrap(), flipped, "an operator gets all of it");
        }
        assert!(files(folder.path(), "segment").is_empty(), "byte {byte}");
    }
}

#[tokio::test]
async fn only_the_newest_segment_can_be_torn() {
    let bytes = segment().await;
    let folder = left_behind(&bytes[..bytes.len() - 1]);
    write(folder.path(), 8, &bytes);
    let spool = open(folder.path());
    let expected = [&records()[..2], &records()].concat();
    assert_eq!(drain(&spool).await, expected);
    assert_eq!(files(folder.path(), "corrupt").len(), 1);
}

#[tokio::test]
async fn bytes_that_look_like_a_frame_are_none() {
    let foreign = segment().await;
    let folder = TempDir::new().unwrap();
    let sent = vec![b"begin".to_vec(), foreign[HEADER..].to_vec(), b"end".to_vec()];
    append_each(&open(folder.path()), &sent).await;
    let path = &files(folder.path(), "segment")[0];
    let mut bytes = fs::read(path).unwrap();
    // The frame around the foreign ones is no frame any more.
    let second = HEADER + FRAME + 4 + sent[0].len();
    bytes[second] ^= 1;
    fs::write(path, bytes).unwrap();
    assert_eq!(drain(&open(folder.path())).await, [b"begin".to_vec(), b"end".to_vec()]);
}

#[tokio::test]
async fn a_damaged_stretch_longer_than_what_is_looked_through_at_once_is_passed() {
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
async fn a_later_versions_segment_is_left_alone() {
    let mut bytes = segment().await;
    bytes[7] = 2;
    let sum = crc32c::crc32c(&bytes[..24]).to_le_bytes();
    bytes[24..HEADER].copy_from_slice(&sum);
    let folder = left_behind(&bytes);
    let opened = Spool::open(&settings(folder.path()));
    assert!(matches!(opened, Err(SpoolError::Version { version: 2, .. })));
    assert_eq!(files(folder.path(), "segment").len(), 1);
}

#[tokio::test]
async fn damage_that_comes_while_it_waits_is_seen_when_it_is_drained() {
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
