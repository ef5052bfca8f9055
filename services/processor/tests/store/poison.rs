use std::time::Duration;

use log::Offset;
use stream::{KafkaSettings, delete_topics};
use telemetry::Gauge;
use testkit::eventually;

use crate::shop::{Shop, visitors};

const PICKY: &str = "ALTER TABLE events ADD CONSTRAINT picky CHECK visitor_id NOT IN";

/// Returns the offsets of the poison records in the ledger, ascending.
async fn poison(shop: &Shop) -> Vec<i64> {
    let sql = "SELECT (poison ->> 'offset')::bigint
        FROM batch, jsonb_array_elements(skip -> 'poison') AS poison ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(&shop.stand.ledger).await.unwrap()
}

async fn halted() {
    eventually("a partition is halted", async || {
        (Gauge::PartitionsHalted.value(&["store"]) > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_row_that_clickhouse_refuses_becomes_a_reject_and_the_others_are_stored() {
    let mut shop = Shop::open().await;
    shop.run(&format!("{PICKY} ('v3', 'v7')")).await;
    shop.publish(visitors(20)).await;
    shop.start().await;
    shop.wait_for_rows(20, 18).await;
    assert_eq!(poison(&shop).await, [3, 7]);
    let rejects = shop.rejects(2);
    assert_eq!((rejects[0].0.get(), rejects[1].0.get()), (3, 7));
    assert!(rejects[0].1.contains(r#""visitor_id":"v3""#), "{}", rejects[0].1);
    shop.publish(visitors(1)).await;
    shop.wait_for_rows(21, 19).await;
}

#[tokio::test]
async fn a_row_is_skipped_only_after_it_became_a_reject() {
    let mut shop = Shop::open().await;
    shop.run(&format!("{PICKY} ('v3', 'v7')")).await;
    shop.publish(visitors(1)).await;
    shop.start().await;
    shop.wait_for_rows(1, 1).await;
    // Kafka accepts no rejects until the next start, which creates their topic again.
    let events_topic = "test-topic-that-does-not-exist".to_owned();
    let rejects = KafkaSettings { events_topic, ..shop.stand.dependencies.kafka.clone() };
    delete_topics(&rejects).await.unwrap();
    shop.publish(visitors(20)).await;
    eventually("the other rows are stored", async || (shop.rows().await.0 > 1).then_some(())).await;
    // The batch under way may finish.
    shop.stop().await;
    assert_eq!(poison(&shop).await, [0; 0]);

    shop.start().await;
    shop.wait_for_rows(21, 19).await;
    assert_eq!(poison(&shop).await, [4, 8]);
    let rejects = shop.rejects(2);
    assert_eq!((rejects[0].0.get(), rejects[1].0.get()), (4, 8));
}

#[tokio::test]
async fn an_unreadable_record_becomes_a_reject_of_its_tenant() {
    let mut shop = Shop::open().await;
    shop.publish(visitors(2)).await;
    shop.publish_raw(shop.tenant.client_id().as_str(), b"{\"no\": \"event\"}");
    shop.publish_raw("unknown-tenant", b"{}");
    shop.publish(visitors(2)).await;
    shop.start().await;
    shop.wait_for_rows(6, 4).await;
    assert_eq!(poison(&shop).await, [2, 3]);
    assert_eq!(shop.rejects(1), [(Offset::new(2), "{\"no\": \"event\"}".to_owned())]);
}

#[tokio::test]
async fn too_many_poison_records_halt_a_partition_until_the_cause_is_fixed() {
    let mut shop = Shop::open().await;
    shop.publish(visitors(5)).await;
    shop.forget_tenant(true);
    shop.start().await;
    halted().await;
    // Two poison records are skipped, the third reaches the limit.
    shop.wait_for_rows(2, 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.wait_for_rows(2, 0).await;
    shop.forget_tenant(false);
    shop.wait_for_rows(5, 3).await;
}

#[tokio::test]
async fn a_table_that_refuses_every_row_halts_the_partition_and_nothing_is_skipped() {
    let mut shop = Shop::open().await;
    shop.run("ALTER TABLE events ADD CONSTRAINT picky CHECK 1 = 0").await;
    shop.publish(visitors(50)).await;
    shop.start().await;
    halted().await;
    assert_eq!(poison(&shop).await, [0; 0]);
    shop.run("ALTER TABLE events DROP CONSTRAINT picky").await;
    shop.wait_for_rows(50, 50).await;
}
