//! The guarantees of the producer, on a real Kafka.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use log::{LogPlace, Offset, Partition};
use rdkafka::{
    ClientConfig, Message, Offset as KafkaOffset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::Headers,
};
use stream::{
    Consumer, Delivery, Entry, KafkaSettings, LogReader, Ownership, Producer, PublishOutcome,
    RejectedRecord, StreamError, delete_topics, ensure_topics, partition_of,
};
use testkit::eventually;
use uuid::Uuid;

use crate::support::*;

#[tokio::test]
async fn topics_are_created_once_and_then_checked() {
    let log = TestLog::new(4).await;
    let mut created = log.topics.created.clone();
    created.sort();
    let KafkaSettings { events_topic, rejects_topic, parked_topic, .. } = &log.settings;
    let wanted = [events_topic, parked_topic, rejects_topic];
    assert_eq!(created, wanted.map(String::clone));

    let again = ensure_topics(&log.settings).await.unwrap();
    assert_eq!((again.events, again.created.len()), (log.topics.events, 0));

    let other = stream::KafkaSettings { partitions: 5, ..log.settings.clone() };
    let error = ensure_topics(&other).await.unwrap_err();
    let StreamError::TopicDiffers { setting: "partitions", found, wanted, .. } = error else {
        panic!("{error} should name the number of partitions");
    };
    assert_eq!((found.as_str(), wanted.as_str()), ("4", "5"));
}

#[tokio::test]
async fn a_recreated_topic_has_another_id() {
    let log = TestLog::new(1).await;
    delete_topics(&log.settings).await.unwrap();
    // The brokers need a moment to delete a topic and to spread the metadata of its successor.
    eventually("both topics have other ids", async || {
        let again = ensure_topics(&log.settings).await.ok()?;
        let others = again.events != log.topics.events && again.rejects != log.topics.rejects;
        others.then_some(())
    })
    .await;
}

#[tokio::test]
async fn copies_of_an_event_go_to_one_partition() {
    let log = TestLog::new(8).await;
    let acme = tenant("acme-3").await;
    let ids: Vec<_> = (0..100).map(|_| Uuid::now_v7()).collect();
    let copies = || acme.scope(ids.iter().map(|id| page_view(*id)).collect());
    let producers = [log.producer(), log.producer()];
    let mut partitions = Vec::new();
    for producer in &producers {
        let outcomes = producer.publish(copies(), DELIVERY).await;
        partitions.push(outcomes.into_iter().map(partition).collect::<Vec<_>>());
    }
    assert_eq!(partitions[0], partitions[1]);
    assert_eq!(partitions[0].iter().collect::<BTreeSet<_>>().len(), 3);
    assert!(ids.iter().zip(&partitions[0]).all(|(id, at)| partition_of(&acme, *id, 8) == *at));
}

#[tokio::test]
async fn outcomes_are_in_the_order_of_the_events() {
    let log = TestLog::new(4).await;
    let published = log.publish(&tenant("acme-4").await, 400).await;
    let reader = LogReader::new(&log.settings, router()).unwrap();
    let mut found = Vec::new();
    for (partition, end) in reader.ends().await.unwrap() {
        let mut stream = reader.read_range(partition, Offset::ZERO..end).unwrap();
        found.extend(read(&mut stream, end.get().try_into().unwrap()).await);
    }
    let mut published = published;
    published.sort();
    found.sort();
    assert_eq!(found, published);
}

#[tokio::test]
async fn a_rejected_event_is_read_as_it_was_published() {
    let log = TestLog::new(1).await;
    let acme = tenant("acme").await;
    let plain = RejectedRecord {
        code: "wrong_type".to_owned(),
        pointer: "/größe".to_owned(),
        reason: "must be a text".to_owned(),
        original: b"\xff\x00".as_slice().into(),
        received_at: "2026-11-21T07:00:00.123Z".parse().unwrap(),
        sent_at: None,
        history: false,
        source: None,
    };
    let full = RejectedRecord {
        sent_at: Some("2026-11-21T07:00:01.5Z".parse().unwrap()),
        history: true,
        source: Some(LogPlace::new(65_535, 11, u64::MAX)),
        ..plain.clone()
    };
    let rejects = acme.scope(vec![plain.clone(), full.clone()]);
    let outcomes = log.producer().publish_rejects(rejects, DELIVERY).await;
    let [PublishOutcome::Published { partition, .. }, _] = outcomes[..] else {
        panic!("Kafka should accept it")
    };

    let mut consumer =
        Consumer::join_rejects(&log.settings, "test-rejects", None, router()).unwrap();
    let Ownership::Assigned(mut partitions) = consumer.next().await.unwrap() else {
        panic!("the whole topic should be assigned")
    };
    partitions.sort_unstable();
    let ends = LogReader::of_rejects(&log.settings, router()).unwrap().ends().await.unwrap();
    assert_eq!(ends.iter().map(|(partition, _)| *partition).collect::<Vec<_>>(), partitions);
    let mut streams = Vec::new();
    for partition in partitions {
        streams.push(consumer.start(partition, Offset::ZERO).await.unwrap());
    }
    let stream = streams.iter_mut().find(|stream| stream.partition() == partition).unwrap();
    let mut read = Vec::new();
    while read.len() < 2 {
        for entry in stream.next(10).await.unwrap().unwrap().entries {
            let Entry::Record(record) = entry else { panic!("{entry:?} should be a tenant's") };
            assert_eq!(record.tenant().client_id(), acme.client_id());
            read.push(RejectedRecord::read(record.value()));
        }
    }
    assert_eq!(read, [plain, full]);
}

#[tokio::test]
async fn a_rejected_event_keeps_its_bytes_and_its_reason() {
    let log = TestLog::new(1).await;
    let originals: [&'static [u8]; 4] =
        [b"", b"{\"type\": 1,\n}", b"\0\xff\xfe not text \x80", &[b'x'; 1 << 20]];
    let received_at: DateTime<Utc> = "2026-11-21T07:00:00.123Z".parse().unwrap();
    let rejects = originals.map(|original| RejectedRecord {
        code: "wrong_type".to_owned(),
        pointer: "/type".to_owned(),
        reason: "must be a text".to_owned(),
        original: original.into(),
        received_at,
        sent_at: None,
        history: false,
        source: Some(LogPlace::new(7, 3, 1 << 40)),
    });
    let rejects = tenant("acme").await.scope(rejects.to_vec());
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let delivery = Delivery { traceparent: Some(trace), ..DELIVERY };
    let outcomes = log.producer().publish_rejects(rejects, delivery).await;
    let published = |outcome: &PublishOutcome| matches!(outcome, PublishOutcome::Published { .. });
    assert!(outcomes.iter().all(published), "{outcomes:?}");

    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &log.settings.brokers)
        .set("group.id", "test")
        .create()
        .unwrap();
    let PublishOutcome::Published { partition, offset } = outcomes[0] else {
        panic!("Kafka should accept it")
    };
    let mut from = TopicPartitionList::new();
    let offset = KafkaOffset::Offset(offset.get().try_into().unwrap());
    let partition = partition.get().into();
    from.add_partition_offset(&log.settings.rejects_topic, partition, offset).unwrap();
    reader.assign(&from).unwrap();
    for original in originals {
        let message = reader.poll(Duration::from_secs(20)).unwrap().unwrap();
        assert!(message.payload().unwrap_or_default() == original, "the bytes should be the same");
        assert_eq!(message.key(), Some(b"acme".as_slice()));
        let header = |name: &str| {
            let headers = message.headers().unwrap();
            let header = headers.iter().find(|header| header.key == name).unwrap();
            String::from_utf8(header.value.unwrap().to_vec()).unwrap()
        };
        assert_eq!(header("code"), "wrong_type");
        assert_eq!(header("pointer"), "/type");
        assert_eq!(header("reason"), "must be a text");
        assert_eq!(header("received_at"), "2026-11-21T07:00:00.123Z");
        assert_eq!(header("traceparent"), trace);
        assert_eq!(header("source_kgen"), "7");
        assert_eq!(header("source_partition"), "3");
        assert_eq!(header("source_offset"), "1099511627776");
    }
}

#[tokio::test]
async fn without_kafka_the_caller_gets_an_answer_at_its_own_deadline() {
    let settings = stream::KafkaSettings { brokers: "127.0.0.1:1".to_owned(), ..testkit::log(1) };
    let producer = Producer::new(&settings).unwrap();
    let events = tenant("acme").await.scope(vec![page_view(Uuid::now_v7()); 3]);
    let delivery = Delivery { within: Duration::from_millis(300), traceparent: None };
    let begin = std::time::Instant::now();
    let outcomes = producer.publish(events, delivery).await;
    assert_eq!(outcomes, [PublishOutcome::Failed { retriable: true }; 3]);
    // Without its own deadline, it would wait for the driver's, of ten seconds.
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    assert!(producer.check(Duration::from_millis(300)).await.is_err());
}

fn partition(outcome: PublishOutcome) -> Partition {
    match outcome {
        PublishOutcome::Published { partition, .. } => partition,
        PublishOutcome::Failed { .. } => panic!("Kafka did not accept the event"),
    }
}
