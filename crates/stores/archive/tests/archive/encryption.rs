//! What somebody can do with the files of the archive who has no data key, or another one.

use std::{collections::BTreeSet, fs};

use archive::{ArchiveError, ArchivedRecord, Object, ObjectKey};
use auth::{DataKey, DataKeyState};
use bytes::Bytes;
use log::Offset;
use serde_json::Value;

use crate::test_archive::{KEY, RANGE, TestArchive, records};

/// What no file may contain.
const CANARY: &str = "canary-5f0c7b";

/// Returns records of two tenants, of a name that is no tenant's, and of nobody.
fn of_two_tenants() -> Vec<ArchivedRecord> {
    let pattern = records().remove(0);
    let owners = [Some("acme"), Some("globex"), Some("not a tenant"), None, Some("acme")];
    let record = |(place, owner): (u64, Option<&'static str>)| ArchivedRecord {
        offset: Offset::new(100 + place),
        key: owner.map(Bytes::from),
        payload: Some(Bytes::from(format!("{CANARY} {place}"))),
        ..pattern.clone()
    };
    (0..).zip(owners).map(record).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn put(test: &TestArchive) -> Object {
    let object = test.archive.write(KEY, of_two_tenants()).await.unwrap();
    test.archive.put(&object).await.unwrap();
    object
}

/// Returns the head of an object, and where it ends. Its size is behind the magic and the version.
fn head_of(bytes: &[u8]) -> (Value, usize) {
    let end = 13 + u32::from_be_bytes(bytes[9..13].try_into().unwrap()) as usize;
    (serde_json::from_slice(&bytes[13..end]).unwrap(), end)
}

/// Returns a field of each block in the object.
fn of_blocks(test: &TestArchive, field: &str) -> Vec<String> {
    let (head, _) = head_of(&fs::read(test.file(KEY)).unwrap());
    let blocks = head["blocks"].as_array().unwrap();
    blocks.iter().map(|block| block[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_file_shows_nothing_of_any_record_and_is_read_back_whole() {
    for test in TestArchive::all().await {
        let clear = test.in_clear();
        clear.put(&clear.write(KEY, of_two_tenants()).await.unwrap()).await.unwrap();
        assert!(contains(&fs::read(test.file(KEY)).unwrap(), CANARY), "in clear it is found");
        fs::remove_file(test.file(KEY)).unwrap();
        let object = put(&test).await;
        let bytes = fs::read(test.file(KEY)).unwrap();
        assert!(!contains(&bytes, CANARY) && !contains(&bytes, "not a tenant"));
        let read = test.archive.read(KEY, &object.stored().sha256).await.unwrap();
        assert_eq!(read, of_two_tenants());
        assert_eq!(test.archive.find(KEY).await.unwrap(), Some((object.stored(), read)));
    }
}

#[tokio::test]
async fn objects_of_an_earlier_build_are_read_and_encrypted_once_they_are_rewritten() {
    let test = TestArchive::folder();
    let clear = test.in_clear();
    let object = clear.write(KEY, of_two_tenants()).await.unwrap();
    let stored = clear.put(&object).await.unwrap();
    assert!(fs::read(test.file(KEY)).unwrap().starts_with(b"PAR1"));
    assert_eq!(test.archive.read(KEY, &stored.sha256).await.unwrap(), of_two_tenants());
    let erased = test.archive.erase(KEY, "globex").await.unwrap();
    assert_eq!(erased.records, 1);
    assert!(!contains(&fs::read(test.file(KEY)).unwrap(), CANARY));
    let read = test.archive.read(KEY, &erased.stored.sha256).await.unwrap();
    assert_eq!((&read[0], &read[1].key), (&of_two_tenants()[0], &None));
}

#[tokio::test]
async fn an_object_that_lost_a_byte_or_a_block_is_refused_without_its_hash() {
    let test = TestArchive::folder();
    put(&test).await;
    let whole = fs::read(test.file(KEY)).unwrap();
    let (head, end) = head_of(&whole);
    // Of the three blocks, so many are left.
    let without = (0..3).map(|left| {
        let mut head = head.clone();
        let blocks = head["blocks"].as_array_mut().unwrap();
        let lost = blocks.drain(left..).map(|block| block["bytes"].as_u64().unwrap());
        let rest = &whole[end..whole.len() - lost.sum::<u64>() as usize];
        let head = head.to_string();
        let length = u32::try_from(head.len()).unwrap().to_be_bytes();
        [&whole[..9], &length, head.as_bytes(), rest].concat()
    });
    let mut later = whole.clone();
    later[8] = 2;
    let flipped = (0..whole.len()).step_by(97).map(|index| {
        let mut flipped = whole.clone();
        flipped[index] ^= 1;
        flipped
    });
    let cut = (0..whole.len()).step_by(97).map(|end| whole[..end].to_vec());
    for bytes in flipped.chain(cut).chain(without).chain([later]) {
        fs::write(test.file(KEY), &bytes).unwrap();
        let found = test.archive.find(KEY).await;
        let is_refused =
            matches!(found, Err(ArchiveError::Damaged { .. } | ArchiveError::Locked { .. }));
        assert!(is_refused, "{} of {} bytes: {found:?}", bytes.len(), whole.len());
    }
}

#[tokio::test]
async fn an_object_under_another_name_is_refused() {
    let test = TestArchive::folder();
    put(&test).await;
    let other = ObjectKey(RANGE.with(Offset::new(200), Offset::new(204)));
    fs::copy(test.file(KEY), test.file(other)).unwrap();
    let found = test.archive.find(other).await;
    assert!(matches!(found, Err(ArchiveError::Damaged { .. })), "{found:?}");
}

#[tokio::test]
async fn a_block_is_not_read_as_that_of_another_tenant() {
    let test = TestArchive::folder();
    put(&test).await;
    let bytes = fs::read(test.file(KEY)).unwrap();
    // As if somebody had exchanged the keys of the tenants, and their names in the object: each key fits.
    let (acme, globex) = (test.keys.of("acme"), test.keys.of("globex"));
    test.keys.set("acme", Some(DataKeyState::Kept(globex)));
    test.keys.set("globex", Some(DataKeyState::Kept(acme)));
    let found = test.archive.find(KEY).await;
    assert!(matches!(found, Err(ArchiveError::Locked { .. })), "{found:?}");
    fs::write(test.file(KEY), exchange(&bytes, "\"acme\"", "\"globex\"")).unwrap();
    let found = test.archive.find(KEY).await;
    assert!(matches!(found, Err(ArchiveError::Damaged { .. })), "{found:?}");
}

/// Exchanges the first places of two texts.
fn exchange(bytes: &[u8], one: &str, other: &str) -> Vec<u8> {
    let at = |text: &str| {
        bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
    };
    let mut places = [(at(one), one, other), (at(other), other, one)];
    places.sort_unstable();
    let mut exchanged = Vec::new();
    let mut end = 0;
    for (start, text, replacement) in places {
        exchanged.extend_from_slice(&bytes[end..start]);
        exchanged.extend_from_slice(replacement.as_bytes());
        end = start + text.len();
    }
    exchanged.extend_from_slice(&bytes[end..]);
    exchanged
}

#[tokio::test]
async fn another_key_and_a_lost_one_are_named_and_nothing_is_written_over() {
    let test = TestArchive::folder();
    let object = put(&test).await;
    let before = fs::read(test.file(KEY)).unwrap();
    let needed = test.keys.of("acme").id().to_owned();
    let other = DataKey::generate().unwrap();
    let other_id = other.id().to_owned();
    for (state, shown) in [(Some(DataKeyState::Kept(other)), other_id.as_str()), (None, "none")] {
        test.keys.set("acme", state);
        let read = test.archive.read(KEY, &object.stored().sha256).await;
        let Err(ArchiveError::Locked { owner, needed: named, found, .. }) = read else {
            panic!("{read:?}");
        };
        assert_eq!((owner.as_str(), &named, found.as_str()), ("acme", &needed, shown));
        let again = test.archive.write(KEY, of_two_tenants()).await.unwrap();
        let put = test.archive.put(&again).await;
        assert!(matches!(put, Err(ArchiveError::Locked { .. })), "{put:?}");
        assert_eq!(fs::read(test.file(KEY)).unwrap(), before);
    }
}

#[tokio::test]
async fn of_a_destroyed_key_the_places_are_left_and_other_tenants_are_whole() {
    let test = TestArchive::folder();
    let object = put(&test).await;
    test.keys.set("acme", Some(DataKeyState::Destroyed));
    let read = test.archive.read(KEY, &object.stored().sha256).await.unwrap();
    for (before, after) in of_two_tenants().iter().zip(&read) {
        assert_eq!((before.offset, before.log_time), (after.offset, after.log_time));
        if before.key.as_deref() == Some(b"acme") {
            assert_eq!((&after.key, &after.payload, after.headers.len()), (&None, &None, 0));
        } else {
            assert_eq!(before, after);
        }
    }
}

#[tokio::test]
async fn of_a_destroyed_key_only_the_places_are_written() {
    let test = TestArchive::folder();
    test.keys.set("acme", Some(DataKeyState::Destroyed));
    let object = put(&test).await;
    assert_eq!(of_blocks(&test, "owner"), ["-", "globex"]);
    let mut expected = of_two_tenants();
    for own in [0, 4] {
        expected[own].erase();
    }
    assert_eq!(test.archive.read(KEY, &object.stored().sha256).await.unwrap(), expected);
}

#[tokio::test]
async fn an_object_of_which_only_places_are_left_is_read_back() {
    let test = TestArchive::folder();
    let mut places = of_two_tenants();
    places.iter_mut().for_each(ArchivedRecord::erase);
    let object = test.archive.write(KEY, places.clone()).await.unwrap();
    let stored = test.archive.put(&object).await.unwrap();
    assert_eq!(of_blocks(&test, "owner"), ["-"]);
    assert_eq!(test.archive.find(KEY).await.unwrap(), Some((stored, places)));
}

#[tokio::test]
async fn a_put_that_is_repeated_once_a_tenant_is_known_counts_the_first_object() {
    let test = TestArchive::folder();
    test.keys.know(&["globex"]);
    let first = put(&test).await.stored();
    assert_eq!(of_blocks(&test, "owner"), ["-", "globex"]);
    test.keys.know(&["acme", "globex"]);
    let again = test.archive.write(KEY, of_two_tenants()).await.unwrap();
    assert_ne!(again.stored(), first);
    assert_eq!(test.archive.put(&again).await.unwrap(), first);
}

#[tokio::test]
async fn two_tenants_never_share_a_key() {
    let test = TestArchive::folder();
    put(&test).await;
    let ids: BTreeSet<_> = of_blocks(&test, "key").into_iter().collect();
    assert_eq!(ids.len(), 3);
}
