use std::{collections::BTreeSet, fs};

use archive::{ArchiveError, ArchivedRecord, Object, ObjectKey};

use tokio::task::JoinSet;

use crate::place::{KEY, Place, files, object, records};

#[tokio::test]
async fn records_come_back_with_every_byte() {
    for place in Place::all().await {
        let stored = place.archive.put(&object()).await.unwrap();
        assert_eq!(stored.records, 4);
        assert_eq!(stored.bytes, fs::metadata(place.file(KEY)).unwrap().len());
        let read = place.archive.read(KEY, &stored.sha256).await.unwrap();
        assert_eq!(read, records());
        place.archive.verify(KEY, &stored.sha256).await.unwrap();
    }
}

#[tokio::test]
async fn an_object_that_nobody_vouches_for_yet_is_found_by_its_name() {
    for place in Place::all().await {
        let stored = place.archive.put(&object()).await.unwrap();
        assert_eq!(place.archive.find(KEY).await.unwrap(), Some((stored, records())));
        let other = ObjectKey { first: 99, ..KEY };
        assert_eq!(place.archive.find(other).await.unwrap(), None);
        fs::write(place.file(KEY), b"PAR1").unwrap();
        let damaged = place.archive.find(KEY).await;
        assert!(matches!(damaged, Err(ArchiveError::Damaged { .. })), "{damaged:?}");
    }
}

#[tokio::test]
async fn many_records_come_back_in_their_order() {
    let place = Place::folder();
    let pattern = records();
    let many: Vec<_> = (0..50_000)
        .map(|n| ArchivedRecord { offset: 2 * n, ..pattern[n as usize % 4].clone() })
        .collect();
    let key = ObjectKey { first: 0, last: 100_000, ..KEY };
    let stored = place.archive.put(&Object::write(key, &many).unwrap()).await.unwrap();
    assert!(place.archive.read(key, &stored.sha256).await.unwrap() == many);
}

#[tokio::test]
async fn the_same_records_make_the_same_object_wherever_it_lies() {
    let [folder, s3] = Place::all().await;
    let first = folder.archive.put(&object()).await.unwrap();
    let second = s3.archive.put(&object()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(fs::read(folder.file(KEY)).unwrap(), fs::read(s3.file(KEY)).unwrap());
}

#[tokio::test]
async fn putting_the_same_again_is_as_good_as_the_first_time() {
    for place in Place::all().await {
        let first = place.archive.put(&object()).await.unwrap();
        let again = place.archive.put(&object()).await.unwrap();
        assert_eq!(first, again);
    }
}

#[tokio::test]
async fn many_that_put_the_same_at_once_make_one_object() {
    let place = Place::folder();
    let mut puts = JoinSet::new();
    for _ in 0..8 {
        let archive = place.archive.clone();
        puts.spawn(async move {
            loop {
                match archive.put(&object()).await {
                    Ok(stored) => return stored.sha256,
                    // The first one tidied up, and took this one's unfinished file with it.
                    Err(ArchiveError::Unavailable { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let found: BTreeSet<_> = puts.join_all().await.into_iter().collect();
    assert_eq!((found.len(), files(&place.folder).len()), (1, 1));
}

#[tokio::test]
async fn other_records_under_the_same_name_are_refused_and_the_first_stay() {
    for place in Place::all().await {
        let stored = place.archive.put(&object()).await.unwrap();
        let other = Object::write(KEY, &records()[..3]).unwrap();
        let refused = place.archive.put(&other).await;
        assert!(matches!(refused, Err(ArchiveError::Differs(KEY))), "{refused:?}");
        assert_eq!(place.archive.read(KEY, &stored.sha256).await.unwrap(), records());
    }
}

#[tokio::test]
async fn a_flipped_bit_and_a_cut_end_are_noticed() {
    for place in Place::all().await {
        let stored = place.archive.put(&object()).await.unwrap();
        let whole = fs::read(place.file(KEY)).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 3] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &[]] {
            fs::write(place.file(KEY), damaged).unwrap();
            let verified = place.archive.verify(KEY, &stored.sha256).await;
            assert!(matches!(verified, Err(ArchiveError::Damaged { .. })), "{verified:?}");
            let read = place.archive.read(KEY, &stored.sha256).await;
            assert!(matches!(read, Err(ArchiveError::Damaged { .. })), "{read:?}");
        }
        let put = place.archive.put(&object()).await;
        assert!(matches!(put, Err(ArchiveError::Differs(_))), "it cannot be read: {put:?}");
    }
}

#[tokio::test]
async fn an_object_that_is_not_there_is_said_to_be_missing() {
    for place in Place::all().await {
        place.archive.put(&object()).await.unwrap();
        let other = ObjectKey { first: 105, last: 109, ..KEY };
        let missing = place.archive.read(other, &[0; 32]).await;
        assert!(matches!(missing, Err(ArchiveError::Missing(key)) if key == other), "{missing:?}");
    }
}

#[tokio::test]
async fn the_same_records_in_other_bytes_are_as_good() {
    for place in Place::all().await {
        let ours = place.archive.put(&object()).await.unwrap();
        let mut bytes = fs::read(place.file(KEY)).unwrap();
        let writer = bytes.windows(8).rposition(|window| window == b"footfall").unwrap();
        bytes[writer..writer + 8].copy_from_slice(b"earlier!");
        fs::write(place.file(KEY), &bytes).unwrap();

        let stored = place.archive.put(&object()).await.unwrap();
        assert_ne!(stored.sha256, ours.sha256);
        assert_eq!(place.archive.read(KEY, &stored.sha256).await.unwrap(), records());
    }
}
