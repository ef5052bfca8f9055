use std::collections::BTreeSet;

use stream::{LogReader, delete_topics, ensure_topics};
use testkit::eventually;

use crate::fixture::{Shop, visitors};

#[tokio::test]
async fn a_log_made_anew_under_a_running_processor_is_read_from_its_beginning() {
    let mut shop = Shop::open().await;
    let reader = LogReader::new(&shop.parts.kafka, shop.parts.router.clone()).unwrap();
    let before = reader.topic_id().await.unwrap();
    shop.start().await;
    shop.publish(visitors(5)).await;
    shop.settled(5, 5).await;

    delete_topics(&shop.parts.kafka).await.unwrap();
    eventually("the topic is made anew", async || {
        let made = ensure_topics(&shop.parts.kafka).await.ok()?;
        (made.events != before).then_some(())
    })
    .await;
    // Beyond the old log's end, too: offsets 0 to 4 were there before, 5 to 9 look like more of it.
    shop.publish(visitors(10)).await;
    shop.settled(10, 15).await;
    let sql = "SELECT DISTINCT kgen FROM lease";
    let generations: Vec<i32> = sqlx::query_scalar(sql).fetch_all(&shop.ledger).await.unwrap();
    assert_eq!(BTreeSet::from_iter(generations), BTreeSet::from([1, 2]));
    shop.close().await;
}
