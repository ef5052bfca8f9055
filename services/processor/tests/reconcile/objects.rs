use std::time::Duration;

use archive::{Archive, ArchiveSettings};
use control_plane::Archived;
use log::Partition;
use settings::Secret;

use crate::{
    shared::data_keys,
    stand::{NEVER, Stand, impressions},
};

#[tokio::test]
async fn a_missing_object_is_restored_and_a_damaged_one_is_reported() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let right = stand.reconcile(true).await;
    assert!(right.is_right() && right.archive.objects >= 4, "{right:?}");

    let objects = stand.objects();
    let lost = std::fs::read(&objects[0]).unwrap();
    std::fs::remove_file(&objects[0]).unwrap();
    std::fs::write(&objects[1], b"other bytes").unwrap();
    let found = stand.reconcile(true).await;
    let archive = found.archive;
    assert_eq!((archive.missing, archive.restored, archive.damaged), (1, 1, 1), "{found:?}");
    assert!(!found.is_right() && found.troubles.len() == 1);
    assert_eq!(std::fs::read(&objects[0]).unwrap(), lost, "byte for byte");

    std::fs::remove_file(&objects[0]).unwrap();
    stand.empty_log().await;
    let found = stand.reconcile(true).await;
    assert_eq!(
        (found.archive.missing, found.archive.restored),
        (1, 0),
        "its records have expired in the log"
    );
}

#[tokio::test]
async fn sizes_reveal_a_missing_and_a_truncated_object() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    assert!(stand.reconcile(false).await.is_right());
    let objects = stand.objects();
    std::fs::remove_file(&objects[0]).unwrap();
    std::fs::write(&objects[1], b"cut").unwrap();
    let archive = stand.reconcile(false).await.archive;
    assert_eq!((archive.missing, archive.restored, archive.damaged), (1, 1, 1), "{archive:?}");
}

#[tokio::test]
async fn a_restored_object_with_other_bytes_gets_a_new_hash_in_the_ledger() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let ledger = stand.dependencies.control_plane.ledger();
    let start = stand.whole(Partition::new(0)).await.start();
    let first = start.to(start.offset);
    let known = ledger.archived(first).await.unwrap().remove(0);
    // As another version of a library would have written it.
    let other = Archived { sha256: [7; 32], bytes: known.bytes + 9, ..known.clone() };
    ledger.replace_object_hash(&known, &other).await.unwrap();
    std::fs::remove_file(&stand.objects()[0]).unwrap();

    let archive = stand.reconcile(true).await.archive;
    assert_eq!((archive.missing, archive.restored), (1, 1), "{archive:?}");
    assert_eq!(ledger.archived(first).await.unwrap(), [known]);
    assert!(stand.reconcile(true).await.is_right());
}

#[tokio::test]
async fn a_restored_object_has_nothing_of_an_erased_tenant() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let ledger = stand.dependencies.control_plane.ledger();
    let start = stand.whole(Partition::new(0)).await.start();
    let lost = ledger.archived(start.to(start.offset)).await.unwrap().remove(0);
    let admin = stand.admin();
    let client_id = tenant.client_id();
    assert!(admin.begin_offboarding(client_id, "ended", Duration::ZERO).await.unwrap());
    assert!(admin.begin_erasing(client_id).await.unwrap());
    std::fs::remove_file(&stand.objects()[0]).unwrap();

    let archive = stand.reconcile(true).await.archive;
    assert_eq!((archive.missing, archive.restored), (1, 1), "{archive:?}");
    let restored = stand.dependencies.archive.find(lost.range.into()).await.unwrap();
    let (_, records) = restored.unwrap();
    assert_eq!(records.len() as u64, lost.records);
    assert!(records.iter().all(|record| record.key.is_none() && record.payload.is_none()));
}

#[tokio::test]
async fn unreadable_records_are_troubles_and_do_not_end_the_reconciliation() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let nowhere = ArchiveSettings {
        url: "s3://nowhere/at-all".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: "http://127.0.0.1:1".to_owned(),
        access_key_id: Secret::new("key".to_owned()),
        secret_access_key: Secret::new("hunter2".to_owned()),
        encrypt: true,
        tls: Default::default(),
    };
    let keys = data_keys(&stand.dependencies.control_plane);
    let unavailable = Archive::new(&nowhere, keys).unwrap();
    let archive = std::mem::replace(&mut stand.dependencies.archive, unavailable);
    let report = stand.reconcile(false).await;
    assert_eq!(report.troubles.len(), 3, "two partitions and the archive: {report:?}");

    stand.dependencies.archive = archive;
    assert_eq!(stand.reconcile(false).await.total().repaired, 40);
}

#[tokio::test]
async fn gaps_between_objects_are_reported() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(60)).await;
    let mut objects = stand.copy_log().await;
    // The second object of the first partition, which has three or more.
    objects.remove(1);
    stand.archive(objects).await;
    let report = stand.reconcile(false).await;
    assert_eq!((report.archive.gaps, report.troubles.len()), (1, 1), "{report:?}");
}
