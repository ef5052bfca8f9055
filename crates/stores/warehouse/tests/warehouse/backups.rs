use events::EventType::AdClick;
use tenancy::Isolation;
use uuid::Uuid;

use crate::shop::{Shop, all_day, event};

#[tokio::test]
async fn a_restored_database_has_the_rows_of_the_first_backup_and_of_the_one_that_is_based_on_it() {
    let shop = Shop::open(Isolation::Schema).await;
    let click = || event(AdClick, "2026-03-01T12:00:00Z");
    let destination = shop.context.destination();
    let cluster = &destination.cluster;
    let databases = [destination.database.clone()];
    let all = shop.warehouse.databases(cluster).await.unwrap();
    assert!(all.contains(&destination.database), "{all:?}");

    let id = Uuid::now_v7().simple().to_string();
    let (first, second) = (format!("{id}/first"), format!("{id}/second"));
    shop.insert(0, vec![click(), click()]).await;
    assert!(shop.warehouse.back_up(cluster, &databases, &first, None).await.unwrap() > 0);
    shop.insert(2, vec![click()]).await;
    shop.warehouse.back_up(cluster, &databases, &second, Some(&first)).await.unwrap();
    // Not in the backup.
    shop.insert(3, vec![click()]).await;

    let drop_database = format!("DROP DATABASE {} SYNC", destination.database);
    shop.writer().query(&drop_database).execute().await.unwrap();
    shop.warehouse.restore(cluster, &databases, &second).await.unwrap();
    let present = shop.warehouse.present(&shop.batch(0, 1_000), all_day()).await.unwrap();
    assert_eq!(present.len(), 3);
    assert!(shop.warehouse.migrate(destination).await.unwrap().is_empty(), "the same tables");
    let again = shop.warehouse.back_up(cluster, &databases, &second, None).await;
    assert!(again.is_err(), "a backup is not overwritten");
    shop.close().await;
}
