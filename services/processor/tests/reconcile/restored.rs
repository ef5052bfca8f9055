use control_plane::Archived;
use log::Partition;
use sqlx::Executor;

use crate::stand::{NEVER, Stand, impressions};

#[tokio::test]
async fn an_archive_of_before_an_erasure_is_settled_with_a_ledger_of_after_it() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let copies: Vec<_> = stand
        .objects()
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();

    // Erased since the copy: all records of the tenant in the first object.
    let ledger = stand.dependencies.control_plane.ledger();
    let start = stand.whole(Partition::new(0)).await.start();
    let first = ledger.archived(start.to(start.offset)).await.unwrap().remove(0);
    let archive = &stand.dependencies.archive;
    let erased = archive.erase(first.range.into(), tenant.client_id().as_str()).await.unwrap();
    assert!(erased.records > 0);
    let (bytes, sha256) = (erased.stored.bytes, erased.stored.sha256);
    let after = Archived { bytes, sha256, ..first.clone() };
    ledger.replace_object_hash(&first, &after).await.unwrap();
    assert!(stand.reconcile(true).await.archive.is_right());

    for (path, copy) in &copies {
        std::fs::write(path, copy).unwrap();
    }
    assert_eq!(stand.reconcile(true).await.archive.damaged, 1);
    let mut seen = (0, 0);
    let mut see = |read, all| seen = (read, all);
    let settled = processor::settle_archive(&stand.dependencies, &mut see).await.unwrap();
    assert_eq!((settled.noted, settled.erased, settled.left), (1, 0, 0), "{settled:?}");
    assert_eq!(seen, (settled.objects, settled.objects));
    assert!(stand.reconcile(true).await.archive.is_right());
}

#[tokio::test]
async fn objects_under_a_lost_data_key_are_not_left_to_a_reconciliation() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(20)).await;
    stand.archive(stand.copy_log().await).await;
    let lose = "BEGIN; SET LOCAL footfall.platform = 'on'; DELETE FROM data_key; COMMIT";
    stand.ledger.execute(lose).await.unwrap();
    let settled = processor::settle_archive(&stand.dependencies, &mut |_, _| {}).await.unwrap();
    assert!(settled.objects > 0);
    assert_eq!((settled.locked, settled.left), (settled.objects, 0), "{settled:?}");
    assert!(stand.reconcile(true).await.archive.is_right(), "it does not decrypt them");
}

#[tokio::test]
async fn tables_of_before_the_last_rows_are_settled_by_a_reconciliation() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let destination = tenant.destination();
    let warehouse = &stand.dependencies.warehouse;
    stand.store(&tenant, impressions(20)).await;
    let databases = [destination.database.clone()];
    let name = format!("{}/first", destination.database.replace('_', "-"));
    warehouse.back_up(&destination.cluster, &databases, &name, None).await.unwrap();
    stand.store(&tenant, impressions(20)).await;

    let placement = tenant.placement();
    warehouse.erase_tenant(placement, tenant.client_id()).await.unwrap();
    warehouse.restore(&destination.cluster, &databases, &name).await.unwrap();
    let found = stand.reconcile(false).await.total();
    assert_eq!((found.missing, found.doubled, found.left()), (20, 0, 0), "{found:?}");
    assert!(stand.reconcile(true).await.total().is_right());
}
