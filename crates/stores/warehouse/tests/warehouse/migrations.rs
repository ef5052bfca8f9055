use tenancy::Isolation;
use warehouse::MigrationError;

use crate::shop::Shop;

#[tokio::test]
async fn a_second_migration_changes_nothing() {
    let shop = Shop::without_tables(Isolation::Dedicated).await;
    let destination = shop.context.destination();
    assert_eq!(shop.warehouse.migrate(destination).await.unwrap(), (1..=13).collect::<Vec<_>>());
    assert!(shop.warehouse.migrate(destination).await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn migrations_may_run_in_parallel() {
    let shop = Shop::without_tables(Isolation::Schema).await;
    let destination = shop.context.destination();
    let migrate = || shop.warehouse.migrate(destination);
    let (one, two, three, four) = tokio::join!(migrate(), migrate(), migrate(), migrate());
    let applied: Vec<_> = [one, two, three, four].into_iter().flat_map(Result::unwrap).collect();
    assert!(applied.contains(&1));
    assert!(shop.warehouse.migrate(destination).await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn a_file_changed_after_it_was_applied_is_named() {
    let shop = Shop::open(Isolation::Schema).await;
    let destination = shop.context.destination();
    let forge = format!(
        "INSERT INTO {}.schema_migration (version, checksum, applied_at) VALUES (1, 'other', 0)",
        destination.database
    );
    shop.writer().query(&forge).execute().await.unwrap();
    let changed = shop.warehouse.migrate(destination).await;
    assert!(
        matches!(changed, Err(MigrationError::Changed { file: "0001_events.sql" })),
        "{changed:?}"
    );
    shop.close().await;
}
