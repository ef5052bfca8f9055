//! A reader at the end of a partition, and what it logs there.

use std::time::Duration;

use log::Offset;
use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, BaseRecord, Producer},
};
use stream::LogReader;
use testkit::LogLines;
use uuid::Uuid;

use crate::support::*;

#[tokio::test]
async fn the_end_of_a_partition_is_not_an_error() {
    // Of this process, from all its threads.
    let lines = LogLines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    let log = TestLog::new(1).await;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &log.settings.brokers)
        .set("transactional.id", log.settings.events_topic.as_str())
        .create()
        .unwrap();
    let topic = log.settings.events_topic.clone();
    tokio::task::spawn_blocking(move || {
        let timeout = Duration::from_secs(30);
        producer.init_transactions(timeout).unwrap();
        producer.begin_transaction().unwrap();
        for _ in 0..3 {
            let payload = serde_json::to_vec(&page_view(Uuid::now_v7())).unwrap();
            let record = BaseRecord::to(&topic).key("acme").payload(&payload).partition(0);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.commit_transaction(timeout).unwrap();
    })
    .await
    .unwrap();

    // The last offset of the log is the end of the transaction, which is not a record: the reader
    // reaches the end of the partition while it still waits for one.
    let reader = LogReader::new(&log.settings, router()).unwrap();
    testkit::eventually("the transaction's end is in the log", async || {
        (reader.bounds(ONLY).await.unwrap() == offsets(0..4)).then_some(())
    })
    .await;
    let mut stream = reader.read_range(ONLY, offsets(0..4)).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = stream.next(10).await.unwrap() {
        found.extend(batch.entries.iter().map(|entry| entry.offset()));
    }
    assert_eq!(found, [0, 1, 2].map(Offset::new));
    let logged = lines.take();
    assert!(!logged.contains("EOF"), "{logged}");
}
