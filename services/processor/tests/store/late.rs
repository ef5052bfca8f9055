use chrono::{TimeDelta, Utc};
use events::Event;

use crate::shop::{Shop, page_view};

/// Lists the tenant in PostgreSQL, where versions are raised for tenants that exist.
async fn list_tenant(shop: &Shop) {
    let mut transaction = shop.stand.ledger.begin().await.unwrap();
    let platform = "SELECT set_config('footfall.platform', 'on', true)";
    sqlx::query(platform).execute(&mut *transaction).await.unwrap();
    let insert = "INSERT INTO tenant (client_id, name, state, events_per_second, \
                  concurrent_queries, live_streams, partition_spread, retention_days, time_zone, \
                  currency) VALUES ($1, 'Shop', 'active', 1, 1, 1, 1, 30, 'UTC', 'EUR')";
    let insert = sqlx::query(insert).bind(shop.tenant.client_id().as_str());
    insert.execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn version(shop: &Shop) -> u64 {
    let dependencies = &shop.stand.dependencies;
    let tenant = dependencies.control_plane.for_tenant(&shop.tenant);
    tenant.data_state(&dependencies.kafka.events_topic).await.unwrap().unwrap().version
}

async fn publish(shop: &Shop, age: TimeDelta) {
    let event = Event { event_time: Utc::now() - age, ..page_view("v".to_owned()) };
    shop.stand.publish(&shop.tenant, vec![event]).await;
}

#[tokio::test]
async fn late_events_raise_the_version_of_the_data_before_their_batch_is_marked() {
    let mut shop = Shop::open().await;
    list_tenant(&shop).await;
    shop.start().await;
    publish(&shop, TimeDelta::hours(2)).await;
    shop.wait_for_rows(1, 1).await;
    assert_eq!(version(&shop).await, 0);
    for late in 1..=3 {
        publish(&shop, TimeDelta::hours(4)).await;
        shop.wait_for_rows(1 + late, 1 + late.unsigned_abs()).await;
        assert_eq!(version(&shop).await, late.unsigned_abs());
    }
}

#[tokio::test]
async fn the_next_owner_of_a_late_batch_raises_the_version_again() {
    let mut shop = Shop::open().await;
    list_tenant(&shop).await;
    shop.start().await;
    publish(&shop, TimeDelta::hours(4)).await;
    shop.wait_for_rows(1, 1).await;
    shop.stop().await;
    // The owner was killed when the rows were visible and before it raised the version.
    for sql in
        ["UPDATE batch SET state = 'planned', done_at = NULL", "UPDATE lease SET next_offset = 0"]
    {
        sqlx::query(sql).execute(&shop.stand.ledger).await.unwrap();
    }
    shop.start().await;
    shop.wait_for_rows(1, 1).await;
    assert_eq!(version(&shop).await, 2);
}
