//! The event ids that a worker remembers of its partition, and what the next worker finds.

use std::{
    ops::{ControlFlow, Range},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Group;
use log::{Generation, LogPlace, Offset, Partition};
use recent_ids::Memory;
use serde_json::{Value, json};
use stream::{
    Delivery, Entry, Headers, KafkaSettings, LogRecord, Producer, Unresolved, UnresolvedReason,
};
use telemetry::Gauge;
use tempfile::TempDir;
use tenancy::TenantContext;
use testkit::{tenant_context, tenant_record, tenant_router};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Decoded, Entries, Fold, Recent, RecentIdsCache, window::Window};
use crate::{ProcessorError, retry::read, test_log::TestLog};

/// A cache, and partitions of it by number.
struct TestCache {
    cache: RecentIdsCache,
    _folder: TempDir,
}

impl TestCache {
    fn new(group: Group) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(64 << 20, folder.path()).unwrap();
        Self { cache: RecentIdsCache::new(group, memory), _folder: folder }
    }

    fn take(&self, generation: u16, partition: u16) -> Recent {
        self.cache.take(Generation::new(generation), Partition::new(partition))
    }
}

async fn acme() -> TenantContext {
    tenant_context(tenant_record(&"acme".parse().unwrap())).await
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test has records of its own tenant")]
fn entry(tenant: &TenantContext, offset: u64, payload: &[u8]) -> Entry {
    let log_time = begin() + TimeDelta::seconds(i64::try_from(offset).unwrap());
    Entry::Record(tenant.scope(record(offset, log_time, payload)))
}

fn record(offset: u64, log_time: DateTime<Utc>, payload: &[u8]) -> LogRecord {
    LogRecord {
        partition: Partition::new(0),
        offset: Offset::new(offset),
        log_time,
        key: Some(Bytes::from_static(b"acme")),
        headers: Headers::default(),
        payload: Some(Bytes::copy_from_slice(payload)),
    }
}

/// An event with every field that an event may have.
fn event(id: Uuid) -> Value {
    let at = begin();
    json!({
        "event_id": id, "type": "purchase", "event_time": at, "event_time_sent": at,
        "received_at": at, "visitor_id": "v", "session_id": "s", "customer_id": "c",
        "campaign_id": "spring", "ad_id": "a", "creative_id": "c", "placement": "top",
        "page_type": "home", "keyword": "shoes", "viewable": true,
        "cost": "0.5", "order_id": "o", "revenue": "10",
        "items": [{"product_id": "p", "parent_sku": "m", "brand": "b", "category": "c", "quantity": 1,
            "price": "10"}],
        "currency": "EUR", "url": "https://shop.example", "referrer": "https://search.example",
        "user_agent": "u", "device": "mobile", "country": "DE", "properties": {"more": [1, {}]},
    })
}

fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(1, number)
}

/// A record of each id, in the order of their numbers, from `first` on.
fn entries(tenant: &TenantContext, first: u64, numbers: &[u64]) -> Vec<Entry> {
    let entry = |(offset, number): (u64, &u64)| {
        entry(tenant, offset, event(id(*number)).to_string().as_bytes())
    };
    (first..).zip(numbers).map(entry).collect()
}

async fn decide(recent: &Recent, entries: Vec<Entry>) -> Vec<bool> {
    let decoded = recent.decode(entries).await.unwrap();
    decoded.iter().map(|record| record.resend).collect()
}

fn window(range: Range<u64>) -> Window {
    let range = range.start.into()..range.end.into();
    Window { since: begin() - TimeDelta::hours(24), range }
}

/// Payloads that are an event or not, each with the id that they contain.
fn payloads() -> Vec<(Uuid, Vec<u8>)> {
    let mut payloads = Vec::new();
    let mut ids = (0..).map(id);
    let mut add = |change: &dyn Fn(&mut Value)| {
        let id = ids.next().unwrap();
        let mut event = event(id);
        change(&mut event);
        payloads.push((id, event.to_string().into_bytes()));
    };
    add(&|_| {});
    let fields: Vec<_> = event(id(0)).as_object().unwrap().keys().cloned().collect();
    for field in fields.iter().filter(|field| *field != "event_id") {
        for wrong in [json!(null), json!(7), json!("no"), json!([]), json!({}), json!([{}])] {
            add(&|event| event[field] = wrong.clone());
        }
        add(&|event| drop(event.as_object_mut().unwrap().remove(field)));
    }
    for time in [
        "2026-02-28T23:59:59.999Z",
        "2026-02-29T00:00:00.000Z",
        "2024-02-29T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z",
        "2026-00-10T00:00:00.000Z",
        "2026-01-00T00:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "2026-01-01T00:60:00.000Z",
        "2026-01-01T00:00:60.000Z",
        "2026-01-01T00:00:61.000Z",
        "2026-01-01T00:00:00.0x0Z",
        "20x6-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000z",
        "2026-01-01 00:00:00.000Z",
        "2026-01-01T00:00:00+02:00",
    ] {
        add(&|event| event["event_time"] = json!(time));
    }
    add(&|event| event["visitor_id"] = json!("quoted \"so\""));
    add(&|event| event["unknown"] = json!({"deep": [1, 2]}));
    add(&|event| {
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        event["properties"] = json!({"deep": deep});
    });
    let mut text = |change: &dyn Fn(String) -> Vec<u8>| {
        let id = ids.next().unwrap();
        payloads.push((id, change(event(id).to_string())));
    };
    text(&|event| format!(" {event} ").into_bytes());
    text(&|event| format!("{event} and more").into_bytes());
    text(&|event| format!("[{event}]").into_bytes());
    text(&|event| event.trim_end_matches('}').as_bytes().to_vec());
    text(&|event| event.replacen('{', "{\"type\":\"refund\",", 1).into_bytes());
    text(&|event| event.replacen('{', "{\"unknown\":\"\\ud800\",", 1).into_bytes());
    text(&|event| [event.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat());
    text(&|event| event.replace("home", "\u{1}").into_bytes());
    text(&|event| event.replace("\"more\":[1", "\"more\":[1e999").into_bytes());
    payloads
}

#[tokio::test]
async fn noted_records_are_remembered_like_decoded_ones() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    let mut records: Vec<_> = (0..)
        .zip(payloads())
        .map(|(offset, (id, payload))| (id, entry(&acme, offset, &payload)))
        .collect();
    let next = records.len() as u64;
    let unknown = Unresolved {
        record: record(next, begin(), event(id(next)).to_string().as_bytes()),
        reason: UnresolvedReason::UnknownTenant,
    };
    records.push((id(next), Entry::Unresolved(unknown)));
    let (ids, records): (Vec<_>, Vec<_>) = records.into_iter().unzip();

    let noted = cache.take(1, 0);
    let decoded = cache.take(1, 1);
    for recent in [&noted, &decoded] {
        recent.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    }
    noted.note(records.clone()).await.unwrap();
    let are_events: Vec<_> =
        decoded.decode(records).await.unwrap().iter().map(|one| one.event.is_ok()).collect();
    assert!(are_events.contains(&true) && are_events.iter().filter(|is| !**is).count() > 50);

    let again: Vec<_> = (next + 1..)
        .zip(ids)
        .map(|(offset, id)| entry(&acme, offset, event(id).to_string().as_bytes()))
        .collect();
    assert_eq!(decide(&noted, again.clone()).await, are_events);
    assert_eq!(decide(&decoded, again).await, are_events);
}

#[tokio::test]
async fn a_partition_that_comes_back_continues_where_it_was() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    let numbers: Vec<_> = (0..200).map(|n| n % 150).collect();
    let first = cache.take(1, 0);
    first.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    let decided = decide(&first, entries(&acme, 0, &numbers)).await;

    let second = cache.take(1, 0);
    assert_eq!(second.resume(&window(0..200)).await.unwrap(), Some(Offset::new(200)));
    assert_eq!(decide(&second, entries(&acme, 200, &[3, 999])).await, [true, false]);

    // The offset went back: the records after it count as never seen.
    let third = cache.take(1, 0);
    let from = third.resume(&window(0..120)).await.unwrap().unwrap().get();
    let known = usize::try_from(from).unwrap();
    let next = 120;
    third.note(entries(&acme, from, &numbers[known..next])).await.unwrap();
    assert_eq!(decide(&third, entries(&acme, 120, &numbers[next..])).await, decided[next..]);
}

/// Reads records up to the first that holds no event, unless that is admitted.
struct UpToPoison {
    admitted: Option<Offset>,
    read: Vec<(u64, bool)>,
}

impl Fold for UpToPoison {
    type Output = Vec<(u64, bool)>;

    fn add(&mut self, record: &Decoded<'_>) -> ControlFlow<()> {
        if record.event.is_err() && self.admitted != Some(record.offset()) {
            return ControlFlow::Break(());
        }
        self.read.push((record.offset().get(), record.resend));
        ControlFlow::Continue(())
    }

    fn finish(self) -> Self::Output {
        self.read
    }
}

#[tokio::test]
async fn records_after_one_that_is_not_admitted_count_as_not_read() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    let recent = cache.take(1, 0);
    recent.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    let mut records = entries(&acme, 0, &[1, 2, 3, 2]);
    records[2] = entry(&acme, 2, b"no event");
    let read = async |entries: &[Entry], admitted| {
        let fold = UpToPoison { admitted, read: Vec::new() };
        recent.fold(Entries::from(entries.to_vec()), fold).await.unwrap()
    };
    assert_eq!(read(&records, None).await, [(0, false), (1, false)]);
    let rest = read(&records[2..], Some(Offset::new(2))).await;
    assert_eq!(rest, [(2, false), (3, true)], "the last repeats an earlier record");
    assert_eq!(decide(&recent, entries(&acme, 4, &[3, 1])).await, [false, true]);
}

#[tokio::test]
async fn ids_of_another_range_are_not_used() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    for (generation, range) in [(1, 300..400), (2, 0..100)] {
        let recent = cache.take(1, 0);
        recent.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
        recent.note(entries(&acme, 0, &(0..100).collect::<Vec<_>>())).await.unwrap();
        assert_eq!(cache.take(generation, 0).resume(&window(range)).await.unwrap(), None);
    }
    // The ids are known from `begin` on only, and the window begins earlier.
    let recent = cache.take(1, 0);
    recent.begin(Offset::ZERO, begin()).await.unwrap();
    recent.note(entries(&acme, 0, &[1, 2, 3])).await.unwrap();
    assert_eq!(cache.take(1, 0).resume(&window(0..3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_worker_that_lost_its_partition_changes_nothing() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    let lost = cache.take(1, 0);
    lost.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    let owner = cache.take(1, 0);
    let late = lost.decode(entries(&acme, 0, &[1])).await;
    assert!(matches!(late, Err(ProcessorError::Retake(_))));
    assert_eq!(owner.resume(&window(0..0)).await.unwrap(), Some(Offset::ZERO));
    assert_eq!(decide(&owner, entries(&acme, 0, &[1])).await, [false]);
}

#[tokio::test]
async fn a_batch_that_was_cancelled_leaves_no_trace() {
    let cache = TestCache::new(Group::Store);
    let acme = acme().await;
    let numbers: Vec<_> = (0..5_000).collect();
    let mut recent = cache.take(1, 0);
    recent.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    for round in 0..10 {
        let next = round * 5_000;
        let batch = entries(&acme, round * 5_000, &numbers);
        let cut_off = timeout(Duration::from_millis(round), recent.decode(batch.clone())).await;
        drop(cut_off);
        recent = cache.take(1, 0);
        let from = recent.resume(&window(0..next)).await.unwrap().unwrap().get();
        for offset in (from..next).step_by(5_000) {
            recent.note(entries(&acme, offset, &numbers)).await.unwrap();
        }
        let resends = decide(&recent, batch).await;
        assert!(resends.iter().all(|resend| *resend == (round > 0)), "round {round}");
    }
}

#[tokio::test]
async fn unused_ids_expire_and_the_gauge_follows() {
    let cache = TestCache::new(Group::Live);
    let acme = acme().await;
    let gauge = || Gauge::EventIdsRemembered.value(&["live", "memory"]);
    let recent = cache.take(1, 0);
    recent.begin(Offset::ZERO, DateTime::UNIX_EPOCH).await.unwrap();
    recent.note(entries(&acme, 0, &[1, 2, 3])).await.unwrap();
    cache.cache.expire(Duration::ZERO).await;
    assert_eq!(gauge(), 3);
    drop(recent);
    cache.cache.expire(Duration::from_secs(600)).await;
    assert_eq!(gauge(), 3);
    cache.cache.expire(Duration::ZERO).await;
    assert_eq!(gauge(), 0);
    assert_eq!(cache.take(1, 0).resume(&window(0..3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_window_recalled_from_the_log_decides_as_one_that_never_stopped() {
    let acme = acme().await;
    let log = TestLog::with_router(|_| tenant_router(tenant_record(acme.client_id()))).await;
    let numbers: Vec<_> = (0..900).map(|n| n * 7 % 600).collect();
    publish(&log.kafka, &acme, &numbers).await;
    let history = log.history(Group::Store);
    let generation = log.current.get();
    let rest = async |from: u64| {
        let range = Offset::new(from)..Offset::new(900);
        let mut stream = log.reader.read_range(Partition::new(0), range).unwrap();
        let mut entries = Vec::new();
        while let Some(more) = read(&mut stream, 1_000).await.unwrap() {
            entries.extend(more);
        }
        entries
    };
    let cache = TestCache::new(Group::Store);
    let whole = cache.take(1, 0);
    whole.recall(&history, LogPlace::new(generation.get(), 0, 0)).await.unwrap();
    let decided = decide(&whole, rest(0).await).await;
    assert_eq!(decided.iter().filter(|resend| **resend).count(), 300);

    // Each window is recalled by a process that has not seen the partition before, and by one that
    // has: forwards and backwards.
    for next in [0, 1, 450, 700, 650, 899, 10, 900] {
        for place in [2, 3 + next] {
            let recent = cache.take(u16::try_from(place).unwrap(), 0);
            recent.recall(&history, LogPlace::new(generation.get(), 0, next)).await.unwrap();
            let offset = usize::try_from(next).unwrap();
            assert_eq!(decide(&recent, rest(next).await).await, decided[offset..], "from {next}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
async fn publish(kafka: &KafkaSettings, tenant: &TenantContext, numbers: &[u64]) {
    let event = |number: &u64| serde_json::from_value(event(id(*number))).unwrap();
    let events = numbers.iter().map(event).collect();
    let delivery = Delivery { within: Duration::from_secs(20), traceparent: None };
    let producer = Producer::new(kafka).unwrap();
    let outcomes = producer.publish(tenant.scope(events), delivery).await;
    let published = |outcome| matches!(outcome, stream::PublishOutcome::Published { .. });
    assert!(outcomes.into_iter().all(published));
}
