use std::collections::BTreeSet;

use stream::{delete_topics, ensure_topics};
use testkit::eventually;

use crate::shop::{Shop, visitors};

#[tokio::test]
async fn a_log_recreated_under_a_running_processor_is_read_from_its_beginning() {
    let mut shop = Shop::open().await;
    let kafka = shop.stand.dependencies.kafka.clone();
    let before = ensure_topics(&kafka).await.unwrap().events;
    shop.start().await;
    shop.publish(visitors(5)).await;
    shop.wait_for_rows(5, 5).await;

    delete_topics(&kafka).await.unwrap();
    eventually("the topic is recreated", async || {
        let recreated = ensure_topics(&kafka).await.ok()?;
        (recreated.events != before).then_some(())
    })
    .await;
    // Past the end of the earlier log, so that a reader which noticed nothing would read on at 5.
    shop.publish(visitors(10)).await;
    shop.wait_for_rows(10, 15).await;
    let sql = "SELECT DISTINCT kgen FROM lease";
    let generations: Vec<i32> =
        sqlx::query_scalar(sql).fetch_all(&shop.stand.ledger).await.unwrap();
    assert_eq!(BTreeSet::from_iter(generations), BTreeSet::from([1, 2]));
}
