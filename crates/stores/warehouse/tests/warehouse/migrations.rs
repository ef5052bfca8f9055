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
async fn the_baseline_of_an_empty_database_is_what_all_files_make() {
    let empty = Shop::without_tables(Isolation::Schema).await;
    empty.warehouse.migrate(empty.context.destination()).await.unwrap();
    // A database that has its first table only, as after a crash, goes on with the files.
    let begun = Shop::without_tables(Isolation::Schema).await;
    let destination = begun.context.destination();
    let create = format!("CREATE DATABASE {}", destination.database);
    begun.writer().with_database("default").query(&create).execute().await.unwrap();
    let first = include_str!("../../../../../migrations/clickhouse/0001_events.sql");
    begun.writer().query_raw(first).execute().await.unwrap();
    let applied = begun.warehouse.migrate(destination).await.unwrap();
    assert_eq!(applied, (1..=13).collect::<Vec<_>>());

    assert_eq!(tables(&empty).await, tables(&begun).await);
    begun.close().await;
    empty.close().await;
}

/// Returns the statement that would create each table of a shop.
async fn tables(shop: &Shop) -> Vec<String> {
    let database = &shop.context.destination().database;
    let sql = format!(
        "SELECT replace(create_table_query, '{database}.', '') FROM system.tables \
         WHERE database = '{database}' ORDER BY name"
    );
    let tables: Vec<String> = shop.writer().query(&sql).fetch_all().await.unwrap();
    assert_eq!(tables.len(), 5);
    tables
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
