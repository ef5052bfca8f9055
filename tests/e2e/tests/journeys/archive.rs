//! The archive holds every record of the log, byte for byte, whatever happens to the processor.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use archive::{Archive, ArchiveSettings, ArchivedRecord, Header, ObjectKey};
use chrono::Utc;
use control_plane::{Archived, ControlPlane, Ledger, PostgresSettings};
use events::Event;
use rand::{Rng, SeedableRng, rngs::StdRng};
use settings::Secret;
use stream::{KafkaSettings, LogReader, LogRecord, ensure_topics};
use tenancy::TenantRouter;
use testkit::{Platform, Tier, eventually};
use tokio::time::sleep;

use crate::{live::impressions, samples};

const KILLS: u32 = 15;
const SEED: u64 = 20_261_121;

/// The log of a platform and its archive, seen from within.
pub(crate) struct Shelf {
    folder: String,
    kgen: u16,
    ledger: Ledger,
    archive: Archive,
    log: LogReader,
}

impl Shelf {
    pub(crate) async fn of(platform: &Platform) -> Self {
        let setting = |name: &str| match platform.settings().get(name) {
            Some(value) => value.clone(),
            None => testkit::setting(name),
        };
        let postgres = PostgresSettings {
            url: Secret::new(setting("FOOTFALL__POSTGRES__URL")),
            max_connections: 2,
        };
        let kafka = KafkaSettings {
            brokers: setting("FOOTFALL__KAFKA__BROKERS"),
            events_topic: setting("FOOTFALL__KAFKA__EVENTS_TOPIC"),
            rejects_topic: setting("FOOTFALL__KAFKA__REJECTS_TOPIC"),
            partitions: setting("FOOTFALL__KAFKA__PARTITIONS").parse().unwrap(),
            replication: 1,
        };
        let folder = platform.folder().join("archive").display().to_string();
        let archive = ArchiveSettings {
            url: folder.clone(),
            region: String::new(),
            endpoint: String::new(),
            access_key_id: Secret::new(""),
            secret_access_key: Secret::new(""),
        };
        let control_plane = ControlPlane::connect(&postgres).await.unwrap();
        let ledger = control_plane.ledger();
        let topic_id = ensure_topics(&kafka).await.unwrap().events.to_string();
        let kgen = ledger.generation(&kafka.events_topic, &topic_id, kafka.partitions);
        Self {
            folder,
            kgen: kgen.await.unwrap(),
            ledger,
            archive: Archive::new(&archive).unwrap(),
            log: LogReader::new(&kafka, TenantRouter::new(Arc::new(control_plane))).unwrap(),
        }
    }

    /// Waits until the archive has come to the end of the log, and compares each record of the two.
    /// Returns how many there are.
    async fn must_be_the_log(&self) -> usize {
        let (mut records, mut vouched) = (0, BTreeSet::new());
        for (partition, end) in self.log.ends().await.unwrap() {
            let objects = eventually("the archive holds the end of the log", async || {
                let objects =
                    self.ledger.archived(self.kgen, partition, 0..=u64::MAX).await.unwrap();
                (objects.last().map_or(0, |object| object.last + 1) == end).then_some(objects)
            })
            .await;
            let (archived, logged) =
                (self.archived(&objects).await, self.logged(partition, end).await);
            assert_eq!(archived.len(), logged.len(), "partition {partition}");
            for (archived, logged) in archived.into_iter().zip(&logged) {
                assert_eq!(archived, expected(logged), "partition {partition}");
            }
            records += logged.len();
            vouched.extend(objects.iter().map(|object| name(&key(object))));
        }
        assert_eq!(files(Path::new(&self.folder)), vouched, "nothing else lies in the archive");
        records
    }

    /// The events that it holds, once it has come to the end of the log.
    pub(crate) async fn events(&self) -> Vec<Event> {
        self.must_be_the_log().await;
        let mut events = Vec::new();
        for (partition, _) in self.log.ends().await.unwrap() {
            let objects = self.ledger.archived(self.kgen, partition, 0..=u64::MAX).await.unwrap();
            let records = self.archived(&objects).await.into_iter();
            let payloads = records.map(|record| record.payload.unwrap());
            events
                .extend(payloads.map(|payload| serde_json::from_slice::<Event>(&payload).unwrap()));
        }
        events
    }

    /// What objects hold, which must follow on each other.
    async fn archived(&self, objects: &[Archived]) -> Vec<ArchivedRecord> {
        let (mut next, mut records) = (0, Vec::new());
        for object in objects {
            assert_eq!(object.first, next, "a gap or an overlap");
            next = object.last + 1;
            let read = self.archive.read(key(object), &object.sha256).await.unwrap();
            assert_eq!(read.len() as u64, object.records);
            let times = object.logged_from..=object.logged_to;
            assert!(read.iter().all(|record| times.contains(&record.log_time)));
            records.extend(read);
        }
        records
    }

    async fn logged(&self, partition: u16, end: u64) -> Vec<LogRecord> {
        let mut range = self.log.read_range(partition, 0..end).unwrap();
        let mut records = Vec::new();
        while let Some(batch) = range.next(10_000).await.unwrap() {
            records.extend(batch.entries.iter().map(|entry| entry.record().clone()));
        }
        records
    }
}

fn key(object: &Archived) -> ObjectKey {
    let Archived { kgen, partition, first, last, .. } = *object;
    ObjectKey { kgen, partition, first, last }
}

fn name(key: &ObjectKey) -> String {
    let path = key.to_string();
    path.rsplit('/').next().unwrap().to_owned() + &format!(" of {}", key.partition)
}

/// Every file below `folder`, as [`name`] names it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            let text = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            let partition: u16 = text(folder).parse().unwrap();
            names.insert(format!("{} of {partition}", text(&path)));
        }
    }
    names
}

fn expected(record: &LogRecord) -> ArchivedRecord {
    let headers = record.headers.iter().map(|(name, value)| Header {
        name: name.to_owned(),
        value: value.map(|value| value.to_vec().into()),
    });
    ArchivedRecord {
        offset: record.offset,
        log_time: record.log_time,
        key: record.key.clone(),
        headers: headers.collect(),
        payload: record.payload.clone(),
    }
}

#[tokio::test]
async fn a_processor_killed_again_and_again_archives_each_record_once() {
    let platform = Platform::start_without_processor().await;
    let tenants = [platform.onboard(Tier::Shared).await, platform.onboard(Tier::Schema).await];
    let mut random = StdRng::seed_from_u64(SEED);
    let imports = async {
        let of = |tenant| samples::import(&platform, tenant, "random-men", Some("500"));
        tokio::join!(of(&tenants[0]), of(&tenants[1]));
    };
    let kills = async {
        for _ in 0..KILLS {
            let mut processor = platform.spawn(&["processor"]);
            sleep(Duration::from_millis(random.random_range(500..2_500))).await;
            processor.must_be_running();
            processor.kill();
        }
    };
    tokio::join!(imports, kills);

    let _processor = platform.spawn(&["processor"]);
    for tenant in &tenants {
        samples::imported(&platform, tenant, "random-men").await;
        samples::equals_the_file(&platform, tenant, "random-men").await;
    }
    assert!(Shelf::of(&platform).await.must_be_the_log().await > 1_000);
}

#[tokio::test]
async fn an_archive_that_is_away_holds_up_nothing_else_and_catches_up() {
    let platform = Platform::start_without_processor().await;
    let tenant = platform.onboard(Tier::Shared).await;
    // A file where the archive's folder should be.
    let folder = platform.folder().join("archive");
    fs::write(&folder, b"").unwrap();
    let mut processor = platform.spawn(&["processor"]);
    platform.collect(&tenant.collect_key, &impressions(50, Utc::now())).await.expect(202);
    platform.settled(&tenant, "spring", "impressions", 50).await;
    eventually("it says that the archive is away", async || {
        processor.last_lines().contains("put an object into the archive").then_some(())
    })
    .await;

    fs::remove_file(&folder).unwrap();
    assert_eq!(Shelf::of(&platform).await.must_be_the_log().await, 50);
    processor.must_be_running();
}
