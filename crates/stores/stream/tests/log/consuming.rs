//! The guarantees of the consumer and the reader, on a real Kafka.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::Utc;
use log::{Offset, Partition};
use rdkafka::{
    ClientConfig,
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use serde_json::Value;
use stream::{
    Consumer, Entry, LogReader, LogRecord, Ownership, PartitionStream, RecordParts, StreamError,
    UnresolvedReason, resolve,
};
use uuid::Uuid;

use crate::support::*;

/// Creates a member of the group, by name if it is given one.
fn member(log: &TestLog, instance: Option<&str>) -> Consumer {
    let parts = RecordParts::WithoutHeaders;
    Consumer::join(&log.settings, "test", instance, parts, router()).unwrap()
}

/// Joins and starts each assigned partition at the offset that `offset` returns.
async fn join(log: &TestLog, offset: impl Fn(Partition) -> u64) -> (Consumer, Streams) {
    let mut consumer = member(log, None);
    let Ownership::Assigned(partitions) = change(&mut consumer).await else {
        panic!("the first change should be an assignment");
    };
    let streams = start(&consumer, &partitions, offset).await;
    (consumer, streams)
}

type Streams = BTreeMap<Partition, PartitionStream>;

async fn start(
    consumer: &Consumer,
    partitions: &[Partition],
    offset: impl Fn(Partition) -> u64,
) -> Streams {
    let mut streams = Streams::new();
    for partition in partitions {
        let stream = consumer.start(*partition, Offset::new(offset(*partition))).await.unwrap();
        streams.insert(*partition, stream);
    }
    streams
}

/// Follows two members that own nothing until each owns `half` of the partitions and neither changes for three
/// seconds: one that rejoins late, or learns of a partition late, causes another rebalance. If nothing changes
/// for a minute, returns what they own.
async fn settled(first: &mut Consumer, second: &mut Consumer, half: usize) -> (Streams, Streams) {
    let (mut one, mut two) = (Streams::new(), Streams::new());
    loop {
        let patience = if (one.len(), two.len()) == (half, half) { 3 } else { 60 };
        tokio::select! {
            change = first.next() => one = follow(first, one, change.unwrap()).await,
            change = second.next() => two = follow(second, two, change.unwrap()).await,
            () = tokio::time::sleep(Duration::from_secs(patience)) => return (one, two),
        }
    }
}

/// Returns the streams of a member after a change. Only one that owns nothing is assigned partitions,
/// and all that it owns is revoked.
async fn follow(consumer: &Consumer, streams: Streams, change: Ownership) -> Streams {
    let owned: Vec<_> = streams.into_keys().collect();
    match change {
        Ownership::Assigned(partitions) => {
            assert_eq!(owned, [], "assigned {partitions:?} without a revocation");
            start(consumer, &partitions, |_| 0).await
        }
        Ownership::Revoked(partitions) => {
            assert_eq!(partitions, owned, "all should be revoked, once");
            Streams::new()
        }
    }
}

fn all(count: u16) -> Vec<Partition> {
    Partition::all(count).collect()
}

fn assigned(count: u16) -> Ownership {
    Ownership::Assigned(all(count))
}

fn revoked(count: u16) -> Ownership {
    Ownership::Revoked(all(count))
}

async fn change(consumer: &mut Consumer) -> Ownership {
    let next = tokio::time::timeout(Duration::from_secs(60), consumer.next()).await;
    next.expect("ownership should change").unwrap()
}

#[tokio::test]
async fn a_partition_is_read_from_the_given_offset_not_from_the_committed_one() {
    let log = TestLog::new(2).await;
    let mut published = log.publish(&tenant("acme-2").await, 200).await;
    let (consumer, mut streams) = join(&log, |_| 7).await;
    published.retain(|placed| placed.offset >= Offset::new(7));
    for (partition, stream) in &mut streams {
        let expected: Vec<_> =
            published.iter().filter(|placed| placed.partition == *partition).copied().collect();
        assert!(expected.len() > 10);
        assert_eq!(read(stream, expected.len()).await, expected);
        consumer.commit(*partition, Offset::new(50)).unwrap();
    }
    consumer.close().await;
    let (_consumer, mut streams) = join(&log, |_| 3).await;
    for stream in streams.values_mut() {
        assert_eq!(read(stream, 1).await[0].offset, Offset::new(3));
    }
}

#[tokio::test]
async fn a_rebalance_revokes_and_assigns_each_partition_once() {
    let log = TestLog::new(4).await;
    let (mut first, streams) = join(&log, |_| 0).await;
    assert_eq!(streams.len(), 4);

    let mut second = member(&log, None);
    assert_eq!(change(&mut first).await, revoked(4));
    for (_, mut stream) in streams {
        assert!(stream.next(1).await.unwrap().is_none(), "a revoked stream should end");
    }
    let (one, two) = settled(&mut first, &mut second, 2).await;
    assert_eq!((one.len(), two.len()), (2, 2));
    let mut streams = one;
    streams.extend(two);
    assert_eq!(streams.len(), 4, "no partition belongs to both members");

    let mut published = log.publish(&tenant("acme-4").await, 200).await;
    let mut found = Vec::new();
    for (partition, stream) in &mut streams {
        let count = published.iter().filter(|placed| placed.partition == *partition).count();
        found.extend(read(stream, count).await);
    }
    published.sort();
    assert_eq!(found, published);

    // When a member closes, the other gets its partitions at once.
    second.close().await;
    assert!(matches!(change(&mut first).await, Ownership::Revoked(_)));
    assert_eq!(change(&mut first).await, assigned(4));
}

#[tokio::test]
async fn of_two_members_with_one_name_the_earlier_gets_an_error() {
    let log = TestLog::new(2).await;
    let named = || member(&log, Some("one"));
    let mut earlier = named();
    assert_eq!(change(&mut earlier).await, assigned(2));
    start(&earlier, &all(2), |_| 0).await;

    let mut later = named();
    assert_eq!(change(&mut later).await, assigned(2));
    let end = loop {
        match earlier.next().await {
            Ok(Ownership::Revoked(_)) => {}
            other => break other,
        }
    };
    assert!(matches!(end, Err(StreamError::NameTaken)), "{end:?}");
}

#[tokio::test]
async fn a_partition_that_is_not_assigned_cannot_be_started() {
    let log = TestLog::new(1).await;
    let (consumer, _streams) = join(&log, |_| 0).await;
    // Partition 0 is started already, partition 1 does not exist.
    for partition in all(2) {
        let refused = consumer.start(partition, Offset::ZERO).await;
        assert!(matches!(refused, Err(StreamError::NotOwned(_))), "partition {partition}");
    }
}

#[tokio::test]
async fn a_member_leaves_at_once_even_before_it_started_anything() {
    let log = TestLog::new(2).await;
    let begin = Instant::now();
    let mut consumer = member(&log, None);
    assert_eq!(change(&mut consumer).await, assigned(2));
    let joining = begin.elapsed();
    let begin = Instant::now();
    consumer.close().await;
    let (_next, streams) = join(&log, |_| 0).await;
    assert_eq!(streams.len(), 2);
    // A member that does not leave is waited for until its session ends: six seconds after its last heartbeat,
    // which is at most two seconds old.
    let within = joining + Duration::from_secs(4);
    assert!(begin.elapsed() < within, "{:?}, joining took {joining:?}", begin.elapsed());
}

#[tokio::test]
async fn a_member_reads_headers_only_if_it_wants_them() {
    let log = TestLog::new(1).await;
    log.publish(&tenant("acme").await, 1).await;
    for (group, parts) in [("all", RecordParts::All), ("none", RecordParts::WithoutHeaders)] {
        let mut consumer = Consumer::join(&log.settings, group, None, parts, router()).unwrap();
        assert_eq!(change(&mut consumer).await, assigned(1));
        let mut stream = consumer.start(ONLY, Offset::ZERO).await.unwrap();
        let batch = stream.next(10).await.unwrap().unwrap();
        let record = batch.entries[0].record();
        assert_eq!(record.headers.get("schema").is_some(), parts == RecordParts::All);
        assert_eq!(record.key.as_deref(), Some(&b"acme"[..]));
        assert!(record.payload.is_some());
    }
}

#[tokio::test]
async fn an_offset_that_the_log_does_not_have_is_an_error() {
    let log = TestLog::new(1).await;
    log.publish(&tenant("acme").await, 5).await;
    let (mut consumer, _streams) = join(&log, |_| 1_000).await;
    let next = tokio::time::timeout(Duration::from_secs(30), consumer.next()).await;
    assert!(matches!(next.expect("the consumer should fail"), Err(StreamError::Kafka { .. })));
}

#[tokio::test]
async fn a_slow_worker_neither_fills_memory_nor_delays_the_others() {
    const RECORDS: u128 = 120;
    let log = TestLog::new(2).await;
    // One tenant in each partition; half a megabyte in each event.
    let mut tenants = BTreeMap::new();
    for name in ["a-1", "b-1", "c-1", "d-1", "e-1", "f-1", "g-1", "h-1"] {
        let tenant = tenant(name).await;
        tenants.insert(stream::partition_of(&tenant, Uuid::nil(), 2), tenant);
    }
    let filling = Value::from("x".repeat(500_000));
    for tenant in tenants.values() {
        for half in [0..RECORDS / 2, RECORDS / 2..RECORDS] {
            let events = half.map(|n| {
                let mut event = page_view(Uuid::from_u128(n));
                event.properties.insert("filling".to_owned(), filling.clone());
                event
            });
            let outcomes = log.producer().publish(tenant.scope(events.collect()), DELIVERY).await;
            let published = |outcome| matches!(outcome, stream::PublishOutcome::Published { .. });
            assert!(outcomes.into_iter().all(published));
        }
    }
    let (mut consumer, mut streams) = join(&log, |_| 0).await;
    let expected: Vec<_> = (0..RECORDS).map(Uuid::from_u128).collect();
    let found = |placed: Vec<Placed>| placed.iter().map(|placed| placed.id).collect::<Vec<_>>();
    // Nothing reads partition 0, so it pauses, while partition 1 is read.
    let ahead = streams.get_mut(&Partition::new(1)).unwrap();
    assert_eq!(found(read(ahead, expected.len()).await), expected);
    tokio::time::sleep(Duration::from_secs(1)).await;

    // Another member joins and leaves: a pause ends with the ownership of its partition.
    let mut passing = member(&log, None);
    assert_eq!(change(&mut consumer).await, revoked(2));
    let (remaining, passed) = settled(&mut consumer, &mut passing, 1).await;
    assert_eq!((remaining.len(), passed.len()), (1, 1));
    passing.close().await;
    // It may take more than one rebalance; without any, a change is waited for in vain.
    while change(&mut consumer).await != assigned(2) {}
    for mut stream in start(&consumer, &all(2), |_| 0).await.into_values() {
        assert_eq!(found(read(&mut stream, expected.len()).await), expected);
    }
}

#[tokio::test]
async fn a_range_of_the_log_is_read_exactly() {
    let log = TestLog::new(1).await;
    let begin = Utc::now();
    let published = log.publish(&tenant("acme").await, 100).await;
    let reader = LogReader::new(&log.settings, router()).unwrap();
    assert_eq!(reader.bounds(ONLY).await.unwrap(), offsets(0..100));
    assert_eq!(reader.ends().await.unwrap(), [(ONLY, Offset::new(100))]);
    for range in [0..100, 10..20, 99..100] {
        let mut stream = reader.read_range(ONLY, offsets(range.clone())).unwrap();
        let mut found = Vec::new();
        while let Some(batch) = stream.next(7).await.unwrap() {
            assert!(batch.entries.len() <= 7);
            found.extend(batch.entries.iter().map(place));
        }
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        assert_eq!(found, published[range]);
    }
    assert!(reader.read_range(ONLY, offsets(5..5)).unwrap().next(10).await.unwrap().is_none());
    let beyond = reader.read_range(ONLY, offsets(90..101)).unwrap().next(10).await;
    let Err(StreamError::Gone { partition, offset }) = beyond else {
        panic!("{beyond:?} should be beyond the end")
    };
    assert_eq!((partition, offset), (ONLY, Offset::new(90)));

    let hour = chrono::TimeDelta::hours(1);
    assert_eq!(reader.offset_for_time(ONLY, begin - hour).await.unwrap(), Offset::ZERO);
    assert_eq!(reader.offset_for_time(ONLY, Utc::now() + hour).await.unwrap(), Offset::new(100));
}

#[tokio::test]
async fn a_record_without_a_tenant_keeps_its_place() {
    let log = TestLog::new(1).await;
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &log.settings.brokers).create().unwrap();
    for key in ["acme", "nobody", "Not A Slug", "acme"] {
        let payload = serde_json::to_vec(&page_view(Uuid::now_v7())).unwrap();
        let record =
            FutureRecord::to(&log.settings.events_topic).key(key).payload(&payload).partition(0);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }
    let reader = LogReader::new(&log.settings, router()).unwrap();
    let mut stream = reader.read_range(ONLY, offsets(0..4)).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = stream.next(10).await.unwrap() {
        found.extend(batch.entries.iter().map(|entry| match entry {
            Entry::Record(record) => {
                (entry.offset().get(), Ok(record.tenant().client_id().to_string()))
            }
            Entry::Unresolved(unresolved) => (entry.offset().get(), Err(unresolved.reason)),
        }));
        let recent = Utc::now() - chrono::TimeDelta::minutes(5);
        assert!(batch.entries.iter().all(|entry| entry.log_time() > recent));
    }
    let acme = || Ok("acme".to_owned());
    let expected = [
        (0, acme()),
        (1, Err(UnresolvedReason::UnknownTenant)),
        (2, Err(UnresolvedReason::Key)),
        (3, acme()),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_record_has_all_its_bytes_and_resolves_again_to_the_same_tenant() {
    let log = TestLog::new(1).await;
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &log.settings.brokers).create().unwrap();
    let headers = OwnedHeaders::new()
        .insert(Header { key: "code", value: Some(&[0xff, 0]) })
        .insert(Header { key: "empty", value: Some(&[]) })
        .insert(Header { key: "none", value: None::<&[u8]> })
        .insert(Header { key: "code", value: Some(b"second") });
    let full = FutureRecord::to(&log.settings.events_topic).key("acme").payload(&[0xfe, 0, 1]);
    let empty = FutureRecord::to(&log.settings.events_topic).key("").payload("");
    let bare = FutureRecord::<str, str>::to(&log.settings.events_topic);
    producer.send(full.headers(headers).partition(0), DELIVERY.within).await.unwrap();
    producer.send(empty.partition(0), DELIVERY.within).await.unwrap();
    producer.send(bare.partition(0), DELIVERY.within).await.unwrap();

    let reader = LogReader::new(&log.settings, router()).unwrap();
    let mut stream = reader.read_range(ONLY, offsets(0..3)).unwrap();
    let mut entries = Vec::new();
    while let Some(batch) = stream.next(10).await.unwrap() {
        entries.extend(batch.entries);
    }
    let records: Vec<_> = entries.iter().map(|entry| entry.record().clone()).collect();
    let parts = |record: &LogRecord| (record.key.clone(), record.payload.clone());
    let some = |bytes: &'static [u8]| Some(Bytes::from_static(bytes));
    let expected = [(some(b"acme"), some(&[0xfe, 0, 1])), (some(b""), some(b"")), (None, None)];
    assert_eq!(records.iter().map(parts).collect::<Vec<_>>(), expected);
    let expected: [(&str, Option<&[u8]>); 4] = [
        ("code", Some(&[0xff, 0])),
        ("empty", Some(&[])),
        ("none", None),
        ("code", Some(b"second")),
    ];
    assert_eq!(records[0].headers.iter().collect::<Vec<_>>(), expected);
    assert_eq!(records[2].headers.iter().count(), 0);

    let again = resolve(&records, &router()).await.unwrap();
    assert_eq!(again.iter().map(Entry::record).collect::<Vec<_>>(), Vec::from_iter(&records));
    let owner = |entry: &Entry| match entry {
        Entry::Record(record) => Ok(record.tenant().client_id().to_string()),
        Entry::Unresolved(unresolved) => Err(unresolved.reason),
    };
    let unresolved = Err(UnresolvedReason::Key);
    let expected = [Ok("acme".to_owned()), unresolved.clone(), unresolved];
    assert_eq!(again.iter().map(owner).collect::<Vec<_>>(), expected);
}
