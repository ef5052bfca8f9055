//! A reader that asks for a partition before the brokers have it.

use std::{ops::Range, time::Duration};

use log::{Offset, Partition};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
    error::{KafkaError, RDKafkaErrorCode},
};
use stream::{KafkaSettings, LogReader, StreamError, ensure_topics};

use crate::support::*;

/// The partition that is added to a log of one.
const ADDED: Partition = Partition::new(1);

/// Several times the 30 seconds for which a reader holds a partition to be absent. The driver's
/// default is 15 minutes.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn a_partition_that_was_denied_is_read_once_the_brokers_have_it() {
    let mut log = TestLog::new(1).await;
    let reader = LogReader::new(&log.settings, router()).unwrap();
    assert_eq!(bounds(&reader).await, None, "the log has one partition");

    log.settings.partitions = 2;
    add_partition(&log.settings).await;
    let mut published = log.publish(&tenant("acme-2").await, 200).await;
    published.retain(|placed| placed.partition == ADDED);
    assert!(published.len() > 10);

    // The same reader, as in a process that outlives the brokers' trouble.
    let asking = tokio::time::timeout(PATIENCE, async {
        loop {
            match bounds(&reader).await {
                Some(range) => return range,
                None => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    });
    let found = asking.await.expect("the reader should ask the brokers again");
    assert_eq!(found, offsets(0..published.len().try_into().unwrap()));
    let mut stream = reader.read_range(ADDED, found).unwrap();
    assert_eq!(read(&mut stream, published.len()).await, published);
}

/// Returns the bounds of the added partition; none while the reader holds it to be absent.
async fn bounds(reader: &LogReader) -> Option<Range<Offset>> {
    match reader.bounds(ADDED).await {
        Ok(range) => Some(range),
        Err(StreamError::Kafka {
            source: KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition),
            ..
        }) => None,
        Err(error) => panic!("{error:?} should name an unknown partition"),
    }
}

/// Adds a partition to the topic of events, and waits until the brokers have it.
async fn add_partition(settings: &KafkaSettings) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &settings.brokers).create().unwrap();
    let larger = NewPartitions::new(&settings.events_topic, settings.partitions.into());
    let added = admin.create_partitions(&[larger], &AdminOptions::new()).await.unwrap();
    assert_eq!(added, [Ok(settings.events_topic.clone())]);
    testkit::eventually("the brokers have the new partition", async || {
        ensure_topics(settings).await.ok()
    })
    .await;
}
