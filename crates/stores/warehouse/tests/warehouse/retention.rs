use chrono::{DateTime, Utc};
use events::EventType::AdClick;
use tenancy::Isolation;
use testkit::eventually;
use warehouse::UsageQuery;

use crate::shop::{Shop, all_day, event};

/// Waits until `expected` of the tenant's rows are left: mutations run in the background.
async fn wait_for_rows(shop: &Shop, expected: usize) {
    eventually(&format!("{expected} rows are left"), async || {
        let present = shop.warehouse.present(&shop.batch(0, 1_000), all_day()).await.unwrap();
        (present.len() == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_tenants_old_rows_are_deleted_and_those_of_a_neighbour_are_not() {
    let (mine, neighbour) =
        (Shop::open(Isolation::Shared).await, Shop::open(Isolation::Shared).await);
    for shop in [&mine, &neighbour] {
        let click = || event(AdClick, "2026-03-01T12:00:00Z");
        // Offset 60 was logged on the day after offset 0.
        shop.insert(0, vec![click()]).await;
        shop.insert(60, vec![click()]).await;
    }
    let destination = mine.context.destination();
    let id = mine.context.client_id();
    let expire = async |horizon: &str| {
        let horizon: DateTime<Utc> = horizon.parse().unwrap();
        mine.warehouse.expire(destination, id, horizon).await.unwrap()
    };
    assert!(!expire("2020-01-01T00:00:00Z").await, "no row is that old");
    let days = all_day();
    assert!(expire(&(*days.start() + chrono::TimeDelta::hours(24)).to_rfc3339()).await);
    wait_for_rows(&mine, 1).await;
    wait_for_rows(&neighbour, 2).await;
}

#[tokio::test]
async fn a_running_deletion_is_not_started_again() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
    let destination = shop.context.destination();
    let id = shop.context.client_id();
    let table = format!("{}.events", destination.database);
    let run = async |statement: String| {
        let writer = shop.writer().with_setting("mutations_sync", "0");
        writer.query(&statement).execute().await.unwrap();
    };
    let expire = async || shop.warehouse.expire(destination, id, chrono::Utc::now()).await.unwrap();
    run(format!("SYSTEM STOP MERGES {table}")).await;
    run(format!("ALTER TABLE {table} DELETE WHERE client_id = '{id}-neighbour'")).await;
    assert!(expire().await, "a deletion of another tenant's rows does not count");
    assert!(!expire().await, "the deletion of the tenant's own rows runs");
    run(format!("SYSTEM START MERGES {table}")).await;
    wait_for_rows(&shop, 0).await;
    shop.close().await;
}

#[tokio::test]
async fn an_erased_tenant_has_no_row_and_its_neighbour_keeps_all() {
    let neighbour = Shop::open(Isolation::Shared).await;
    neighbour.insert(0, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
    for isolation in [Isolation::Shared, Isolation::Schema] {
        let shop = Shop::open(isolation).await;
        shop.insert(0, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
        let (placement, id) = (shop.context.placement(), shop.context.client_id());
        let rows = async || shop.warehouse.rows_of_tenant(placement, id).await.unwrap();
        assert_eq!(rows().await.event_rows, 1);
        for _ in 0..100 {
            shop.warehouse.erase_tenant(placement, id).await.unwrap();
            if rows().await.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(rows().await.is_empty(), "{isolation:?}");
        // A repeated erasure finds nothing.
        shop.warehouse.erase_tenant(placement, id).await.unwrap();
    }
    wait_for_rows(&neighbour, 1).await;
}

#[tokio::test]
async fn usage_counts_events_by_the_local_day_of_their_receipt_and_those_of_one_tenant() {
    for isolation in [Isolation::Shared, Isolation::Schema] {
        let shop = Shop::open(isolation).await;
        let neighbour = Shop::open(Isolation::Shared).await;
        let click = || event(AdClick, "2020-01-01T12:00:00Z");
        neighbour.insert(0, vec![click()]).await;
        // Offset 60 was logged on the day after offset 0.
        shop.insert(0, vec![click(), click()]).await;
        shop.insert(60, vec![click()]).await;
        let days = all_day();
        let in_zone = |zone| UsageQuery { received: *days.start()..*days.end(), zone };
        let reports = shop.warehouse.for_tenant(&shop.context);
        let usage = async |zone| reports.usage(&in_zone(zone)).await.unwrap();
        let events =
            async |zone| -> Vec<u64> { usage(zone).await.values().map(|day| day.events).collect() };
        assert_eq!(events(chrono_tz::UTC).await, [2, 1]);
        // In Berlin, the second day had begun.
        assert_eq!(events(chrono_tz::Europe::Berlin).await, [3]);
        let found = usage(chrono_tz::UTC).await;
        assert!(found.values().all(|day| day.bytes > 0 && day.rows >= day.events));
        let (destination, id) = (shop.context.destination(), shop.context.client_id());
        let platform =
            shop.warehouse.usage(destination, id, &in_zone(chrono_tz::UTC)).await.unwrap();
        assert_eq!(platform, found, "the platform counts the same");
        assert!(shop.warehouse.stored_bytes(destination, id).await.unwrap() > 0);
        shop.close().await;
    }
}
