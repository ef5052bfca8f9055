use std::{collections::BTreeSet, fs};

use archive::{ArchiveError, ArchivedRecord, ObjectKey};
use auth::DataKeyState;
use log::Offset;
use tokio::task::JoinSet;

use crate::test_archive::{KEY, RANGE, TestArchive, files, records};

#[tokio::test]
async fn records_are_read_back_with_every_byte() {
    for test in TestArchive::all().await {
        let stored = test.archive.put(&test.object().await).await.unwrap();
        assert_eq!(stored.records, 4);
        assert_eq!(stored.bytes, fs::metadata(test.file(KEY)).unwrap().len());
        let read = test.archive.read(KEY, &stored.sha256).await.unwrap();
        assert_eq!(read, records());
        test.archive.verify(KEY, &stored.sha256).await.unwrap();
    }
}

#[tokio::test]
async fn an_object_without_a_known_hash_is_found_by_its_name() {
    for test in TestArchive::all().await {
        let stored = test.archive.put(&test.object().await).await.unwrap();
        assert_eq!(test.archive.find(KEY).await.unwrap(), Some((stored, records())));
        let other = ObjectKey(RANGE.with(Offset::new(99), RANGE.last));
        assert_eq!(test.archive.find(other).await.unwrap(), None);
        fs::write(test.file(KEY), b"PAR1").unwrap();
        let damaged = test.archive.find(KEY).await;
        assert!(matches!(damaged, Err(ArchiveError::Damaged { .. })), "{damaged:?}");
    }
}

#[tokio::test]
async fn many_records_are_read_back_in_their_order() {
    let test = TestArchive::folder();
    let pattern = records();
    let many: Vec<_> = (0..50_000)
        .map(|n| ArchivedRecord { offset: Offset::new(2 * n), ..pattern[n as usize % 4].clone() })
        .collect();
    let key = ObjectKey(RANGE.with(Offset::ZERO, Offset::new(100_000)));
    let object = test.archive.write(key, many.clone()).await.unwrap();
    let stored = test.archive.put(&object).await.unwrap();
    assert!(test.archive.read(key, &stored.sha256).await.unwrap() == many);
}

#[tokio::test]
async fn the_same_records_make_the_same_object_in_a_folder_and_in_s3() {
    let [folder, s3] = TestArchive::all().await;
    let object = folder.object().await;
    for owner in ["-", "acme"] {
        s3.keys.set(owner, Some(DataKeyState::Kept(folder.keys.of(owner))));
    }
    let first = folder.archive.put(&object).await.unwrap();
    let second = s3.archive.put(&s3.object().await).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(fs::read(folder.file(KEY)).unwrap(), fs::read(s3.file(KEY)).unwrap());
}

#[tokio::test]
async fn s3_gets_a_checksum_of_each_object() {
    let test = TestArchive::s3().await;
    test.archive.put(&test.object().await).await.unwrap();
    // The server keeps beside its buckets which checksums it got.
    let root = test.folder.ancestors().nth(2).unwrap();
    let notes: String = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".internal.json"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert!(notes.contains("checksum_sha256"), "{notes}");
}

#[tokio::test]
async fn a_repeated_put_returns_the_same_as_the_first() {
    for test in TestArchive::all().await {
        let first = test.archive.put(&test.object().await).await.unwrap();
        let again = test.archive.put(&test.object().await).await.unwrap();
        assert_eq!(first, again);
    }
}

#[tokio::test]
async fn concurrent_puts_of_the_same_records_make_one_object() {
    let test = TestArchive::folder();
    let mut puts = JoinSet::new();
    let object = test.object().await;
    for _ in 0..8 {
        let (archive, object) = (test.archive.clone(), object.clone());
        puts.spawn(async move {
            loop {
                match archive.put(&object).await {
                    Ok(stored) => return stored.sha256,
                    // The first put also removed the unfinished file of this one.
                    Err(ArchiveError::Unavailable { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let found: BTreeSet<_> = puts.join_all().await.into_iter().collect();
    assert_eq!((found.len(), files(&test.folder).len()), (1, 1));
}

#[tokio::test]
async fn other_records_under_the_same_name_are_refused_and_the_first_remain() {
    for test in TestArchive::all().await {
        let stored = test.archive.put(&test.object().await).await.unwrap();
        let other = test.archive.write(KEY, records()[..3].to_vec()).await.unwrap();
        let refused = test.archive.put(&other).await;
        assert!(matches!(refused, Err(ArchiveError::Differs(KEY))), "{refused:?}");
        assert_eq!(test.archive.read(KEY, &stored.sha256).await.unwrap(), records());
    }
}

#[tokio::test]
async fn a_flipped_bit_and_a_truncated_file_are_detected() {
    for test in TestArchive::all().await {
        let stored = test.archive.put(&test.object().await).await.unwrap();
        let whole = fs::read(test.file(KEY)).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 3] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &[]] {
            fs::write(test.file(KEY), damaged).unwrap();
            let verified = test.archive.verify(KEY, &stored.sha256).await;
            assert!(matches!(verified, Err(ArchiveError::Damaged { .. })), "{verified:?}");
            let read = test.archive.read(KEY, &stored.sha256).await;
            assert!(matches!(read, Err(ArchiveError::Damaged { .. })), "{read:?}");
        }
        let put = test.archive.put(&test.object().await).await;
        assert!(
            matches!(put, Err(ArchiveError::Differs(_))),
            "an unreadable object differs: {put:?}"
        );
    }
}

#[tokio::test]
async fn a_missing_object_is_reported_as_missing() {
    for test in TestArchive::all().await {
        test.archive.put(&test.object().await).await.unwrap();
        let other = ObjectKey(RANGE.with(Offset::new(105), Offset::new(109)));
        let missing = test.archive.read(other, &[0; 32]).await;
        assert!(matches!(missing, Err(ArchiveError::Missing(key)) if key == other), "{missing:?}");
    }
}

#[tokio::test]
async fn the_same_records_in_other_bytes_are_accepted() {
    for test in TestArchive::all().await {
        let clear = test.in_clear();
        let first = clear.put(&clear.write(KEY, records()).await.unwrap()).await.unwrap();
        let again = test.archive.put(&test.object().await).await.unwrap();
        assert_eq!(again, first, "the first one remains");
        let mut bytes = fs::read(test.file(KEY)).unwrap();
        let writer = bytes.windows(8).rposition(|window| window == b"footfall").unwrap();
        bytes[writer..writer + 8].copy_from_slice(b"earlier!");
        fs::write(test.file(KEY), &bytes).unwrap();

        let stored = test.archive.put(&test.object().await).await.unwrap();
        assert_ne!(stored.sha256, first.sha256);
        assert_eq!(test.archive.read(KEY, &stored.sha256).await.unwrap(), records());
    }
}

#[tokio::test]
async fn records_of_one_key_are_erased_in_place_and_once() {
    for test in TestArchive::all().await {
        let stored = test.archive.put(&test.object().await).await.unwrap();
        let own = records().into_iter().find_map(|record| record.key).unwrap();
        let key = std::str::from_utf8(&own).unwrap();
        let erased = test.archive.erase(KEY, key).await.unwrap();
        assert!(erased.records > 0);
        assert_eq!(erased.stored.records, stored.records, "each record keeps its place");
        assert_ne!(erased.stored.sha256, stored.sha256);
        let read = test.archive.read(KEY, &erased.stored.sha256).await.unwrap();
        for (before, after) in records().into_iter().zip(read) {
            assert_eq!((before.offset, before.log_time), (after.offset, after.log_time));
            if before.key.as_ref() == Some(&own) {
                assert_eq!((after.key, after.payload, after.headers), (None, None, Vec::new()));
            } else {
                assert_eq!(after, before, "a record of another key is as it was");
            }
        }
        let again = test.archive.erase(KEY, key).await.unwrap();
        assert_eq!((again.stored, again.records), (erased.stored, 0));
    }
}
