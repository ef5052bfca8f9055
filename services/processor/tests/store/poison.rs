use std::time::Duration;

use stream::{KafkaSettings, delete_topics};
use telemetry::Gauge;
use testkit::eventually;

use crate::fixture::{Shop, visitors};

const PICKY: &str = "ALTER TABLE events ADD CONSTRAINT picky CHECK visitor_id NOT IN";

/// The offsets that the ledger says were set aside, in the order of the log.
async fn set_aside(shop: &Shop) -> Vec<i64> {
    let sql = "SELECT (poison ->> 'offset')::bigint
        FROM batch, jsonb_array_elements(skip -> 'poison') AS poison ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(&shop.ledger).await.unwrap()
}

async fn halted() {
    eventually("a partition stands still", async || {
        (Gauge::PartitionsHalted.value(&["store"]) > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_row_that_clickhouse_refuses_goes_to_the_rejects_and_the_others_land() {
    let mut shop = Shop::open().await;
    shop.run(&format!("{PICKY} ('v3', 'v7')")).await;
    shop.publish(visitors(20)).await;
    shop.start().await;
    shop.settled(20, 18).await;
    assert_eq!(set_aside(&shop).await, [3, 7]);
    let rejects = shop.rejects(2);
    assert_eq!((rejects[0].0, rejects[1].0), (3, 7));
    assert!(rejects[0].1.contains(r#""visitor_id":"v3""#), "{}", rejects[0].1);
    shop.publish(visitors(1)).await;
    shop.settled(21, 19).await;
    shop.close().await;
}

#[tokio::test]
async fn a_row_is_skipped_only_once_it_is_among_its_tenants_rejects() {
    let mut shop = Shop::open().await;
    shop.run(&format!("{PICKY} ('v3', 'v7')")).await;
    shop.publish(visitors(1)).await;
    shop.start().await;
    shop.settled(1, 1).await;
    // Kafka takes no rejects until the next start, which makes their topic anew.
    let events_topic = "test-topic-that-does-not-exist".to_owned();
    let rejects = KafkaSettings { events_topic, ..shop.parts.kafka.clone() };
    delete_topics(&rejects).await.unwrap();
    shop.publish(visitors(20)).await;
    eventually("others land", async || (shop.rows().await.0 > 1).then_some(())).await;
    // What is under way has some time to come to its end.
    shop.stop().await;
    assert_eq!(set_aside(&shop).await, [0; 0]);

    shop.start().await;
    shop.settled(21, 19).await;
    assert_eq!(set_aside(&shop).await, [4, 8]);
    let rejects = shop.rejects(2);
    assert_eq!((rejects[0].0, rejects[1].0), (4, 8));
    shop.close().await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_goes_to_its_tenants_rejects() {
    let mut shop = Shop::open().await;
    shop.publish(visitors(2)).await;
    shop.publish_raw(shop.tenant.client_id().as_str(), b"{\"no\": \"event\"}");
    shop.publish_raw("nobody-knows-whose", b"{}");
    shop.publish(visitors(2)).await;
    shop.start().await;
    shop.settled(6, 4).await;
    assert_eq!(set_aside(&shop).await, [2, 3]);
    assert_eq!(shop.rejects(1), [(2, "{\"no\": \"event\"}".to_owned())]);
    shop.close().await;
}

#[tokio::test]
async fn a_partition_stands_still_where_too_much_is_poison_and_goes_on_when_it_is_mended() {
    let mut shop = Shop::open().await;
    shop.publish(visitors(5)).await;
    shop.forget_tenant(true);
    shop.start().await;
    halted().await;
    // Two were set aside, for so few could be what they are; the third was too many.
    shop.settled(2, 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.settled(2, 0).await;
    shop.forget_tenant(false);
    shop.settled(5, 3).await;
    shop.close().await;
}

#[tokio::test]
async fn a_table_that_refuses_everything_holds_the_partition_and_nothing_is_skipped() {
    let mut shop = Shop::open().await;
    shop.run("ALTER TABLE events ADD CONSTRAINT picky CHECK 1 = 0").await;
    shop.publish(visitors(50)).await;
    shop.start().await;
    halted().await;
    assert_eq!(set_aside(&shop).await, [0; 0]);
    shop.run("ALTER TABLE events DROP CONSTRAINT picky").await;
    shop.settled(50, 50).await;
    shop.close().await;
}
