//! Taking over the objects of owners that were killed, frozen or late, on a real Kafka and
//! PostgreSQL.

use std::{fs, path::PathBuf, time::Duration};

use archive::{ArchivedRecord, ObjectKey};
use auth::Sealer;
use control_plane::{Account, Cluster, PlatformControl, TenantSpec};
use log::{Generation, LogRange};
use settings::Secret;
use telemetry::Gauge;
use tenancy::{Isolation, Limits, TenantRouter};
use testkit::eventually;

use super::*;
use crate::{
    archive::memory::Room,
    history::as_archived,
    known_erasures::KnownErasures,
    member::Progress,
    record::RecentIdsCache,
    test_log::{TestLog, publish, publish_of},
};

#[path = "erased_persons_tests.rs"]
mod erased_persons;

const PARTITION: Partition = Partition::new(0);

impl TestLog {
    /// A worker whose objects wait for no further record.
    fn archiver(&self, owner: &str) -> Archiver {
        let context = WorkerContext {
            group: Group::Archive,
            history: self.history(Group::Archive),
            current: self.current.clone(),
            owner: owner.to_owned(),
            ledger: self.ledger.clone(),
            reader: self.reader.clone(),
            progress: Progress::default(),
            erasures: KnownErasures::new(self.admin(), Sealer::new([7; 32])),
            recent_ids: self.recent_ids(),
        };
        let cut = Cut { records: 100, bytes: 1 << 20, wait: Duration::ZERO };
        let writer = ObjectWriter { context, archive: self.archive(), platform: self.admin() };
        Archiver { writer, cut, memory: Memory::new(2) }
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    fn admin(&self) -> PlatformControl {
        self.control_plane.for_platform(&TenantRouter::platform("cli"))
    }

    /// Ends the grace period of a tenant.
    async fn begin_erasing(&self, tenant: &str) {
        let admin = self.admin();
        let client_id = tenant.parse().unwrap();
        assert!(admin.begin_offboarding(&client_id, "ended", Duration::ZERO).await.unwrap());
        admin.begin_erasing(&client_id).await.unwrap();
    }

    /// Creates an active tenant.
    async fn create_tenant(&self, tenant: &str) {
        let admin = self.admin();
        let account = || Account { user: "nobody".into(), password: Secret::new("nothing") };
        let cluster = Cluster {
            name: "shared".parse().unwrap(),
            url: "http://127.0.0.1:1".into(),
            writer: account(),
            reader: account(),
        };
        admin.register_cluster(&Sealer::new([7; 32]), &cluster).await.unwrap();
        let spec = TenantSpec {
            client_id: tenant.parse().unwrap(),
            name: tenant.to_owned(),
            limits: Limits::default(),
            retention_days: 400,
            rollup_retention_days: 761,
            time_zone: chrono_tz::UTC,
            currency: "EUR".parse().unwrap(),
            origins: Vec::new(),
        };
        admin.create_tenant(&spec, Isolation::Shared, &cluster.name).await.unwrap();
        assert!(admin.activate_tenant(&spec.client_id).await.unwrap());
    }

    /// Puts an object, as an owner does.
    async fn put(&self, key: ObjectKey, records: Vec<ArchivedRecord>) {
        let object = self.archive().write(key, records).await.unwrap();
        self.archive().put(&object).await.unwrap();
    }

    /// Returns key and payload of each record of an object.
    async fn texts(&self, first: u64, last: u64) -> Vec<(Option<String>, Option<String>)> {
        let (_, records) = self.archive().find(self.key(first, last)).await.unwrap().unwrap();
        let text = |bytes: Option<bytes::Bytes>| {
            bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
        };
        records.into_iter().map(|record| (text(record.key), text(record.payload))).collect()
    }

    /// The archive group recognises no re-sends.
    fn recent_ids(&self) -> RecentIdsCache {
        let folder = self.folder.path().join("recent-ids");
        RecentIdsCache::new(Group::Archive, recent_ids::Memory::new(1 << 20, &folder).unwrap())
    }

    async fn entries(&self, range: std::ops::Range<u64>) -> Vec<Entry> {
        let range = range.start.into()..range.end.into();
        let mut stream = self.reader.read_range(PARTITION, range).unwrap();
        let mut entries = Vec::new();
        while let Some(batch) = stream.next(100).await.unwrap() {
            entries.extend(batch.entries);
        }
        entries
    }

    /// First, last and number of records of each object that the ledger records, after it is
    /// verified.
    async fn objects(&self) -> Vec<(u64, u64, u64)> {
        let objects = self.ledger.archived(self.range(0, u64::MAX)).await.unwrap();
        for object in &objects {
            self.archive().verify(object.range.into(), &object.sha256).await.unwrap();
        }
        let numbers = |range: LogRange| (range.first.get(), range.last.get());
        let object = objects.iter().map(|object| (numbers(object.range), object.records));
        object.map(|((first, last), records)| (first, last, records)).collect()
    }

    fn range(&self, first: u64, last: u64) -> LogRange {
        LogRange::new(self.generation().get(), 0, first, last)
    }

    fn key(&self, first: u64, last: u64) -> ObjectKey {
        self.range(first, last).into()
    }

    fn generation(&self) -> Generation {
        self.current.get()
    }

    fn file(&self, first: u64, last: u64) -> PathBuf {
        self.folder.path().join(self.key(first, last).to_string())
    }
}

/// Plans the log's first ten records and dies.
async fn plan_and_die(stand: &TestLog) -> PartitionState {
    plan_and_die_at(stand, 9).await
}

/// Plans the log's first records, until `last`, and dies.
async fn plan_and_die_at(stand: &TestLog, last: u64) -> PartitionState {
    let former = stand.archiver("former");
    let (state, _) = former.take(PARTITION).await.unwrap();
    let first = Offset::ZERO;
    let last = Offset::new(last);
    let plan = BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
    stand.ledger.plan(&state.lease, &plan).await.unwrap();
    state
}

fn retaken<T>(result: Result<T, ProcessorError>) -> bool {
    matches!(result, Err(ProcessorError::Retake(_)))
}

#[tokio::test]
async fn records_become_objects_that_follow_each_other() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 25).await;
    let archiver = stand.archiver("a");
    let (mut state, next) = archiver.take(PARTITION).await.unwrap();
    assert_eq!(next, Offset::new(0));
    archiver.begin(&mut state).await.unwrap();
    for range in [0..10, 10..25] {
        archiver.process(&mut state, stand.entries(range).await).await.unwrap();
    }
    assert_eq!(stand.objects().await, [(0, 9, 10), (10, 24, 15)]);
    let (_, next) = stand.archiver("b").take(PARTITION).await.unwrap();
    assert_eq!(next, Offset::new(25));
}

#[tokio::test]
async fn an_object_is_cut_when_it_is_full() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 90).await;
    let cut = Cut { records: 40, bytes: 1 << 20, wait: Duration::from_secs(3_600) };
    let archiver = Archiver { cut, ..stand.archiver("a") };
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    for first in (0..90).step_by(10) {
        let entries = stand.entries(first..first + 10).await;
        archiver.process(&mut state, entries).await.unwrap();
    }
    archiver.on_quiet(&mut state).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 39, 40), (40, 79, 40)], "the rest waits for others");
}

#[tokio::test]
async fn where_memory_is_short_objects_are_smaller() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 20).await;
    let cut = Cut { records: 100, bytes: 1 << 20, wait: Duration::from_secs(3_600) };
    let archiver = Archiver { cut, ..stand.archiver("a") };
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    archiver.process(&mut state, stand.entries(0..10).await).await.unwrap();
    assert_eq!(stand.objects().await, []);
    let mut others = Room::default();
    while let Some(room) = archiver.memory.try_take(1) {
        others.add(room);
    }
    let entries = stand.entries(10..20).await;
    let processed = async {
        archiver.process(&mut state, entries).await.unwrap();
    };
    let released = async {
        eventually("the pending records are archived first", async || {
            (stand.objects().await == [(0, 9, 10)]).then_some(())
        })
        .await;
        drop(others);
    };
    tokio::join!(processed, released);
    assert_eq!(state.pending.records.len(), 10);
}

#[tokio::test]
async fn the_next_owner_puts_what_was_planned_and_not_put() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 25).await;
    plan_and_die(&stand).await;
    let archiver = stand.archiver("next");
    let (mut state, next) = archiver.take(PARTITION).await.unwrap();
    assert_eq!(next, Offset::new(10));
    archiver.begin(&mut state).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
}

#[tokio::test]
async fn an_object_put_and_not_marked_stays_as_it_is() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 25).await;
    plan_and_die(&stand).await;
    let records: Vec<_> =
        stand.entries(0..10).await.iter().map(|entry| as_archived(entry.record())).collect();
    stand.put(stand.key(0, 9), records).await;
    let modified = || fs::metadata(stand.file(0, 9)).unwrap().modified().unwrap();
    let before = modified();

    let archiver = stand.archiver("next");
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    archiver.begin(&mut state).await.unwrap();
    assert_eq!((stand.objects().await, modified()), (vec![(0, 9, 10)], before));
}

#[tokio::test]
async fn a_frozen_owner_that_wakes_up_adds_nothing() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 25).await;
    let frozen = stand.archiver("frozen");
    let mut state = plan_and_die(&stand).await;
    let next = stand.archiver("next");
    let (mut taken, _) = next.take(PARTITION).await.unwrap();
    next.begin(&mut taken).await.unwrap();

    // It was about to put the object that it had planned.
    let room = frozen.memory.take(1 << 10).await;
    state.pending.add(&stand.entries(0..10).await, room);
    let object = state.key(Offset::new(9));
    assert!(retaken(frozen.writer.finish(&mut state, object).await));
    // Or it continues as if nothing had happened.
    assert!(retaken(frozen.process(&mut state, stand.entries(10..20).await).await));
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
    assert!(!stand.file(10, 19).exists(), "without a plan no object is put");
}

#[tokio::test]
async fn an_object_with_other_records_or_a_lost_key_halts_its_partition_until_it_is_removed() {
    // A PostgreSQL that was lost together with its data keys.
    let lost = TestLog::new().await;
    for (archived, key_is_lost) in [(5, false), (10, true)] {
        let stand = TestLog::new().await;
        publish(&stand.kafka, 10).await;
        let first = stand.entries(0..archived).await;
        let records = first.iter().map(|entry| as_archived(entry.record())).collect();
        let keys_of = if key_is_lost { &lost } else { &stand };
        let former = stand.archive_with_keys_of(keys_of);
        let object = former.write(stand.key(0, 9), records).await.unwrap();
        former.put(&object).await.unwrap();

        let archiver = stand.archiver("a");
        let (mut state, _) = archiver.take(PARTITION).await.unwrap();
        let entries = stand.entries(0..10).await;
        let operator = async {
            eventually("the partition is halted", async || {
                (Gauge::PartitionsHalted.value(&[SINK]) == 1).then_some(())
            })
            .await;
            fs::remove_file(stand.file(0, 9)).unwrap();
        };
        let (processed, ()) = tokio::join!(archiver.process(&mut state, entries), operator);
        processed.unwrap();
        assert_eq!(stand.objects().await, [(0, 9, 10)]);
        assert_eq!(Gauge::PartitionsHalted.value(&[SINK]), 0);
    }
}

#[tokio::test]
async fn an_archive_begins_where_the_log_does_and_a_gap_remains_visible() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 30).await;
    stand.expire_before(5).await;
    let archiver = stand.archiver("a");
    let (mut state, next) = archiver.take(PARTITION).await.unwrap();
    assert_eq!(next, Offset::new(5));
    archiver.begin(&mut state).await.unwrap();
    archiver.process(&mut state, stand.entries(5..10).await).await.unwrap();

    stand.expire_before(20).await;
    let archiver = stand.archiver("much later");
    let (mut state, next) = archiver.take(PARTITION).await.unwrap();
    assert_eq!(next, Offset::new(20));
    archiver.begin(&mut state).await.unwrap();
    archiver.process(&mut state, stand.entries(20..30).await).await.unwrap();
    assert_eq!(stand.objects().await, [(5, 9, 5), (20, 29, 10)]);
}

#[tokio::test]
async fn an_object_is_marked_even_if_its_records_expired_in_the_log() {
    let stand = TestLog::new().await;
    publish(&stand.kafka, 30).await;
    plan_and_die(&stand).await;
    let records: Vec<_> =
        stand.entries(0..10).await.iter().map(|entry| as_archived(entry.record())).collect();
    stand.put(stand.key(0, 9), records).await;
    stand.expire_before(5).await;

    let archiver = stand.archiver("much later");
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    archiver.begin(&mut state).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
}

#[tokio::test]
async fn of_a_plan_never_put_the_records_still_in_the_log_are_archived() {
    for (left, expected) in [(5, vec![(5, 9, 5), (10, 19, 10)]), (12, vec![(12, 19, 8)])] {
        let stand = TestLog::new().await;
        publish(&stand.kafka, 30).await;
        plan_and_die(&stand).await;
        stand.expire_before(left).await;
        let archiver = stand.archiver("much later");
        let (mut state, next) = archiver.take(PARTITION).await.unwrap();
        archiver.begin(&mut state).await.unwrap();
        let rest = stand.entries(next.get()..20).await;
        archiver.process(&mut state, rest).await.unwrap();
        assert_eq!(stand.objects().await, expected);
    }
}

#[tokio::test]
async fn records_of_an_erased_tenant_that_come_late_keep_their_place_only() {
    let stand = TestLog::new().await;
    stand.create_tenant("acme").await;
    publish_of(&stand.kafka, "acme", "a click").await;
    publish_of(&stand.kafka, "globex", "another").await;
    plan_and_die_at(&stand, 1).await;
    // A former owner has put the object, and died before it marked it.
    let records: Vec<_> =
        stand.entries(0..2).await.iter().map(|entry| as_archived(entry.record())).collect();
    stand.put(stand.key(0, 1), records).await;
    stand.begin_erasing("acme").await;

    let archiver = stand.archiver("next");
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    archiver.begin(&mut state).await.unwrap();
    // A collector publishes what its spool still holds.
    publish_of(&stand.kafka, "acme", "a late click").await;
    archiver.process(&mut state, stand.entries(2..3).await).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 1, 2), (2, 2, 1)]);
    let other = (Some("globex".to_owned()), Some("another".to_owned()));
    assert_eq!(stand.texts(0, 1).await, [(None, None), other]);
    assert_eq!(stand.texts(2, 2).await, [(None, None)]);
}
