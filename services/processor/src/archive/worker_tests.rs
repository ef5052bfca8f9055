//! What becomes of an object whose owner was killed, frozen, or came too late, on a real Kafka and
//! PostgreSQL.

use std::{fs, path::PathBuf, time::Duration};

use archive::Archive;
use control_plane::{ControlPlane, Ledger};
use rdkafka::{
    ClientConfig, Offset as KafkaOffset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    producer::{FutureProducer, FutureRecord},
};
use stream::{KafkaSettings, LogReader, delete_topics, ensure_topics};
use telemetry::Gauge;
use tempfile::TempDir;
use tenancy::TenantRouter;
use testkit::{Database, eventually};

use super::*;
use crate::{
    Sink, archive::memory::Room, generation::Generation, history::History, member::Progress,
    record::Kept,
};

const EVERYTHING: std::ops::RangeInclusive<u64> = 0..=u64::MAX;

/// A log with one partition, a ledger and an archive.
struct Stand {
    kafka: KafkaSettings,
    generation: Generation,
    kgen: u16,
    ledger: Ledger,
    reader: LogReader,
    router: TenantRouter,
    folder: TempDir,
    _database: Database,
}

impl Stand {
    async fn new() -> Self {
        let database = Database::create().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let kafka: KafkaSettings = testkit::log(1);
        ensure_topics(&kafka).await.unwrap();
        let ledger = control_plane.ledger();
        // No record is of any tenant: the archive keeps them all the same.
        let router = TenantRouter::new(std::sync::Arc::new(control_plane));
        let reader = LogReader::new(&kafka, router.clone()).unwrap();
        let generation = Generation::find(&kafka, &ledger, &reader).await.unwrap();
        let (kgen, folder) = (generation.kgen(), tempfile::tempdir().unwrap());
        Self { kafka, generation, kgen, ledger, reader, router, folder, _database: database }
    }

    /// A sink whose objects wait for no further record.
    fn archiver(&self, owner: &str) -> Archiver {
        let (generation, reader) = (self.generation.clone(), self.reader.clone());
        let (archive, router) = (self.archive(), self.router.clone());
        let log = Log {
            sink: Sink::Archive,
            history: History::new(
                Sink::Archive,
                generation.clone(),
                reader,
                self.ledger.clone(),
                archive,
                router,
            ),
            generation,
            owner: owner.to_owned(),
            ledger: self.ledger.clone(),
            reader: self.reader.clone(),
            progress: Progress::default(),
            recent: self.recent(),
        };
        let cut = Cut { records: 100, bytes: 1 << 20, wait: Duration::ZERO };
        Archiver { log, archive: self.archive(), cut, memory: Memory::new(2) }
    }

    /// The archive tells no re-sends.
    fn recent(&self) -> Kept {
        let folder = self.folder.path().join("recent-ids");
        Kept::new(Sink::Archive, recent_ids::Memory::new(1 << 20, &folder).unwrap())
    }

    fn archive(&self) -> Archive {
        Archive::new(&testkit::archive_in(self.folder.path())).unwrap()
    }

    async fn publish(&self, count: usize) {
        let producer: FutureProducer = self.client().create().unwrap();
        for number in 0..count {
            let payload = format!("record {number}");
            let record = FutureRecord::<str, _>::to(&self.kafka.events_topic).payload(&payload);
            producer.send(record, Duration::from_secs(20)).await.unwrap();
        }
    }

    /// As retention does.
    async fn forget_before(&self, offset: i64) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.kafka.events_topic, 0, KafkaOffset::Offset(offset))
            .unwrap();
        admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.kafka.brokers);
        config
    }

    async fn entries(&self, range: std::ops::Range<u64>) -> Vec<Entry> {
        let mut stream = self.reader.read_range(0, range).unwrap();
        let mut entries = Vec::new();
        while let Some(batch) = stream.next(100).await.unwrap() {
            entries.extend(batch.entries);
        }
        entries
    }

    /// First, last and number of records of each object that the ledger vouches for, after a look
    /// into it.
    async fn objects(&self) -> Vec<(u64, u64, u64)> {
        let objects = self.ledger.archived(self.kgen, 0, EVERYTHING).await.unwrap();
        for object in &objects {
            self.archive()
                .verify(key(self.kgen, object.first, object.last), &object.sha256)
                .await
                .unwrap();
        }
        objects.iter().map(|object| (object.first, object.last, object.records)).collect()
    }

    fn file(&self, first: u64, last: u64) -> PathBuf {
        self.folder.path().join(key(self.kgen, first, last).to_string())
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let kafka = self.kafka.clone();
        std::thread::spawn(move || delete(&kafka)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn delete(kafka: &KafkaSettings) {
    delete_topics(kafka).await.unwrap();
}

fn key(kgen: u16, first: u64, last: u64) -> ObjectKey {
    ObjectKey { kgen, partition: 0, first, last }
}

/// Plans the log's first ten records and dies.
async fn plan_and_die(stand: &Stand) -> Claim {
    let former = stand.archiver("former");
    let (claim, _) = former.claim(0).await.unwrap();
    let plan = BatchPlan { first: 0, last: 9, skip: Skip::default(), destinations: Vec::new() };
    stand.ledger.plan(&claim.lease, &plan).await.unwrap();
    claim
}

fn retaken<T>(result: Result<T, ProcessorError>) -> bool {
    matches!(result, Err(ProcessorError::Retake(_)))
}

#[tokio::test]
async fn records_become_objects_that_follow_on_each_other() {
    let stand = Stand::new().await;
    stand.publish(25).await;
    let archiver = stand.archiver("a");
    let (mut claim, next) = archiver.claim(0).await.unwrap();
    assert_eq!(next, 0);
    archiver.begin(&mut claim).await.unwrap();
    for range in [0..10, 10..25] {
        archiver.process(&mut claim, stand.entries(range).await).await.unwrap();
    }
    assert_eq!(stand.objects().await, [(0, 9, 10), (10, 24, 15)]);
    let (_, next) = stand.archiver("b").claim(0).await.unwrap();
    assert_eq!(next, 25);
}

#[tokio::test]
async fn an_object_is_cut_when_it_is_full() {
    let stand = Stand::new().await;
    stand.publish(90).await;
    let cut = Cut { records: 40, bytes: 1 << 20, wait: Duration::from_secs(3_600) };
    let archiver = Archiver { cut, ..stand.archiver("a") };
    let (mut claim, _) = archiver.claim(0).await.unwrap();
    for first in (0..90).step_by(10) {
        let entries = stand.entries(first..first + 10).await;
        archiver.process(&mut claim, entries).await.unwrap();
    }
    archiver.idle(&mut claim).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 39, 40), (40, 79, 40)], "the rest waits for others");
}

#[tokio::test]
async fn where_memory_is_short_objects_are_smaller() {
    let stand = Stand::new().await;
    stand.publish(20).await;
    let cut = Cut { records: 100, bytes: 1 << 20, wait: Duration::from_secs(3_600) };
    let archiver = Archiver { cut, ..stand.archiver("a") };
    let (mut claim, _) = archiver.claim(0).await.unwrap();
    archiver.process(&mut claim, stand.entries(0..10).await).await.unwrap();
    assert_eq!(stand.objects().await, []);
    let mut others = Room::default();
    while let Some(room) = archiver.memory.try_take(1) {
        others.add(room);
    }
    let entries = stand.entries(10..20).await;
    let processed = async {
        archiver.process(&mut claim, entries).await.unwrap();
    };
    let released = async {
        eventually("what was held goes first", async || {
            (stand.objects().await == [(0, 9, 10)]).then_some(())
        })
        .await;
        drop(others);
    };
    tokio::join!(processed, released);
    assert_eq!(claim.pending.records.len(), 10);
}

#[tokio::test]
async fn what_was_planned_and_not_put_is_put_by_the_next_owner() {
    let stand = Stand::new().await;
    stand.publish(25).await;
    plan_and_die(&stand).await;
    let archiver = stand.archiver("next");
    let (mut claim, next) = archiver.claim(0).await.unwrap();
    assert_eq!(next, 10);
    archiver.begin(&mut claim).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
}

#[tokio::test]
async fn what_was_put_and_not_marked_stays_as_it_is() {
    let stand = Stand::new().await;
    stand.publish(25).await;
    plan_and_die(&stand).await;
    let records: Vec<_> =
        stand.entries(0..10).await.iter().map(|entry| as_archived(entry.record())).collect();
    let object = Object::write(key(stand.kgen, 0, 9), &records).unwrap();
    stand.archive().put(&object).await.unwrap();
    let modified = || fs::metadata(stand.file(0, 9)).unwrap().modified().unwrap();
    let before = modified();

    let archiver = stand.archiver("next");
    let (mut claim, _) = archiver.claim(0).await.unwrap();
    archiver.begin(&mut claim).await.unwrap();
    assert_eq!((stand.objects().await, modified()), (vec![(0, 9, 10)], before));
}

#[tokio::test]
async fn a_frozen_owner_that_wakes_up_adds_nothing() {
    let stand = Stand::new().await;
    stand.publish(25).await;
    let frozen = stand.archiver("frozen");
    let mut claim = plan_and_die(&stand).await;
    let next = stand.archiver("next");
    let (mut taken, _) = next.claim(0).await.unwrap();
    next.begin(&mut taken).await.unwrap();

    // It was about to put what it had planned.
    let room = frozen.memory.take(1 << 10).await;
    claim.pending.add(&stand.entries(0..10).await, room);
    let object = claim.key(9);
    assert!(retaken(frozen.finish(&mut claim, object).await));
    // Or it goes on as if nothing had happened.
    assert!(retaken(frozen.process(&mut claim, stand.entries(10..20).await).await));
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
    assert!(!stand.file(10, 19).exists(), "without a plan nothing is put");
}

#[tokio::test]
async fn an_object_with_other_records_stops_its_partition_until_it_is_moved_away() {
    let stand = Stand::new().await;
    stand.publish(10).await;
    let other: Vec<_> =
        stand.entries(0..5).await.iter().map(|entry| as_archived(entry.record())).collect();
    let object = Object::write(key(stand.kgen, 0, 9), &other).unwrap();
    stand.archive().put(&object).await.unwrap();

    let archiver = stand.archiver("a");
    let (mut claim, _) = archiver.claim(0).await.unwrap();
    let entries = stand.entries(0..10).await;
    let operator = async {
        eventually("the partition stands still", async || {
            (Gauge::PartitionsHalted.value(&[SINK]) == 1).then_some(())
        })
        .await;
        fs::remove_file(stand.file(0, 9)).unwrap();
    };
    let (processed, ()) = tokio::join!(archiver.process(&mut claim, entries), operator);
    processed.unwrap();
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
    assert_eq!(Gauge::PartitionsHalted.value(&[SINK]), 0);
}

#[tokio::test]
async fn an_archive_begins_where_the_log_does_and_a_gap_stays_to_be_seen() {
    let stand = Stand::new().await;
    stand.publish(30).await;
    stand.forget_before(5).await;
    let archiver = stand.archiver("a");
    let (mut claim, next) = archiver.claim(0).await.unwrap();
    assert_eq!(next, 5);
    archiver.begin(&mut claim).await.unwrap();
    archiver.process(&mut claim, stand.entries(5..10).await).await.unwrap();

    stand.forget_before(20).await;
    let archiver = stand.archiver("much later");
    let (mut claim, next) = archiver.claim(0).await.unwrap();
    assert_eq!(next, 20);
    archiver.begin(&mut claim).await.unwrap();
    archiver.process(&mut claim, stand.entries(20..30).await).await.unwrap();
    assert_eq!(stand.objects().await, [(5, 9, 5), (20, 29, 10)]);
}

#[tokio::test]
async fn what_was_put_is_marked_even_when_the_log_has_let_go_of_it() {
    let stand = Stand::new().await;
    stand.publish(30).await;
    plan_and_die(&stand).await;
    let records: Vec<_> =
        stand.entries(0..10).await.iter().map(|entry| as_archived(entry.record())).collect();
    let object = Object::write(key(stand.kgen, 0, 9), &records).unwrap();
    stand.archive().put(&object).await.unwrap();
    stand.forget_before(5).await;

    let archiver = stand.archiver("much later");
    let (mut claim, _) = archiver.claim(0).await.unwrap();
    archiver.begin(&mut claim).await.unwrap();
    assert_eq!(stand.objects().await, [(0, 9, 10)]);
}

#[tokio::test]
async fn of_a_plan_that_was_never_put_what_the_log_still_holds_is_archived() {
    for (left, expected) in [(5, vec![(5, 9, 5), (10, 19, 10)]), (12, vec![(12, 19, 8)])] {
        let stand = Stand::new().await;
        stand.publish(30).await;
        plan_and_die(&stand).await;
        stand.forget_before(left).await;
        let archiver = stand.archiver("much later");
        let (mut claim, next) = archiver.claim(0).await.unwrap();
        archiver.begin(&mut claim).await.unwrap();
        let rest = stand.entries(next..20).await;
        archiver.process(&mut claim, rest).await.unwrap();
        assert_eq!(stand.objects().await, expected);
    }
}
