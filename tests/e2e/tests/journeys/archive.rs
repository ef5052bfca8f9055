//! The archive has every record of the log, byte for byte, even if the processor is killed.

use std::{collections::BTreeSet, fs, io::Read, path::Path, sync::Arc, time::Duration};

use archive::{Archive, ArchiveSettings, ArchivedRecord, Header, ObjectKey};
use auth::{KeyEncryptionKey, Sealer};
use chrono::{TimeDelta, Utc};
use control_plane::{Archived, ControlPlane, Ledger, SealedDataKeys};
use events::Event;
use log::{Generation, LogPlace, Offset, Partition};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use stream::{KafkaSettings, LogReader, LogRecord, ensure_topics};
use tenancy::TenantRouter;
use testkit::{Platform, Tier, eventually, setting};
use tokio::time::sleep;

use crate::{
    backfill, live::impressions, marks::wait_for_marks, rebuilds::delete_all_records, samples,
};

/// The key that seals the data keys.
const KEY: &str = "FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY";

const KILLS: u32 = 15;
const SEED: u64 = 20_261_121;

/// Direct access to the log and the archive of a platform.
pub(crate) struct LogAndArchive {
    folder: String,
    generation: Generation,
    ledger: Ledger,
    archive: Archive,
    log: LogReader,
}

impl LogAndArchive {
    pub(crate) async fn of(platform: &Platform) -> Self {
        let kafka: KafkaSettings = platform.log();
        let archive: ArchiveSettings = platform.archive();
        let control_plane = ControlPlane::connect(&platform.postgres()).await.unwrap();
        let ledger = control_plane.ledger();
        let topic_id = ensure_topics(&kafka).await.unwrap().events.to_string();
        let generation = ledger.generation(&kafka.events_topic, &topic_id, kafka.partitions);
        let key: KeyEncryptionKey = setting(KEY).parse().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test reads what the platform wrote")]
        let operator = control_plane.for_platform(&TenantRouter::platform("test"));
        let keys = SealedDataKeys::new(operator, Sealer::with_keys(key, []));
        Self {
            folder: archive.url.clone(),
            generation: generation.await.unwrap(),
            ledger,
            archive: Archive::new(&archive, Arc::new(keys)).unwrap(),
            log: LogReader::new(&kafka, TenantRouter::new(Arc::new(control_plane))).unwrap(),
        }
    }

    /// Waits until the archive reaches the end of the log, and compares each record of the two.
    /// Returns the number of records.
    async fn must_equal_the_log(&self) -> usize {
        let mut records = 0;
        let mut recorded = BTreeSet::new();
        for (partition, end) in self.log.ends().await.unwrap() {
            let objects = eventually("the archive reaches the end of the log", async || {
                let objects = self.objects(partition).await;
                let next = objects.last().map(|object| object.range.next().offset);
                (next.unwrap_or_default() == end).then_some(objects)
            })
            .await;
            let archived = self.archived(&objects).await;
            let logged = self.logged(partition, end).await;
            assert_eq!(archived.len(), logged.len(), "partition {partition}");
            for (archived, logged) in archived.into_iter().zip(&logged) {
                assert_eq!(archived, expected(logged), "partition {partition}");
            }
            records += logged.len();
            recorded.extend(objects.iter().map(|object| name(object.range.into())));
        }
        assert_eq!(files(Path::new(&self.folder)), recorded, "the archive has no other file");
        records
    }

    /// Returns the archive's events, once it has reached the end of the log.
    pub(crate) async fn events(&self) -> Vec<Event> {
        self.must_equal_the_log().await;
        let mut events = Vec::new();
        for (partition, _) in self.log.ends().await.unwrap() {
            let objects = self.objects(partition).await;
            let records = self.archived(&objects).await.into_iter();
            let payloads = records.map(|record| record.payload.unwrap());
            events
                .extend(payloads.map(|payload| serde_json::from_slice::<Event>(&payload).unwrap()));
        }
        events
    }

    /// Returns the objects of a partition, in the order of the log.
    async fn objects(&self, partition: Partition) -> Vec<Archived> {
        let start = LogPlace { generation: self.generation, partition, offset: Offset::ZERO };
        self.ledger.archived(start.to(Offset::MAX)).await.unwrap()
    }

    /// Reads the records of objects, which must be consecutive.
    async fn archived(&self, objects: &[Archived]) -> Vec<ArchivedRecord> {
        let mut next = Offset::ZERO;
        let mut records = Vec::new();
        for object in objects {
            assert_eq!(object.range.first, next, "a gap or an overlap");
            next = object.range.next().offset;
            let read = self.archive.read(object.range.into(), &object.sha256).await.unwrap();
            assert_eq!(read.len() as u64, object.records);
            let times = object.logged_from..=object.logged_to;
            assert!(read.iter().all(|record| times.contains(&record.log_time)));
            records.extend(read);
        }
        records
    }

    async fn logged(&self, partition: Partition, end: Offset) -> Vec<LogRecord> {
        let mut range = self.log.read_range(partition, Offset::ZERO..end).unwrap();
        let mut records = Vec::new();
        while let Some(batch) = range.next(10_000).await.unwrap() {
            records.extend(batch.entries.iter().map(|entry| entry.record().clone()));
        }
        records
    }
}

fn name(key: ObjectKey) -> String {
    let path = key.to_string();
    path.rsplit('/').next().unwrap().to_owned() + &format!(" of {}", key.0.partition)
}

/// Returns every file below `folder`, in the form of [`name`].
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
async fn a_repeatedly_killed_processor_archives_each_record_once() {
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
    assert!(LogAndArchive::of(&platform).await.must_equal_the_log().await > 1_000);
}

#[tokio::test]
async fn an_unavailable_archive_blocks_no_other_group_and_catches_up() {
    let platform = Platform::start_without_processor().await;
    let tenant = platform.onboard(Tier::Shared).await;
    // A file takes the place of the archive's folder.
    let folder = platform.folder().join("archive");
    fs::write(&folder, b"").unwrap();
    let mut processor = platform.spawn(&["processor"]);
    platform.collect(&tenant.collect_key, &impressions(50, Utc::now())).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 50).await;
    eventually("it logs that the archive is unavailable", async || {
        processor.last_lines().contains("put an object into the archive").then_some(())
    })
    .await;

    fs::remove_file(&folder).unwrap();
    assert_eq!(LogAndArchive::of(&platform).await.must_equal_the_log().await, 50);
    processor.must_be_running();
}

/// What only the payload of an event has.
const CANARY: &str = "canary-1f0c7b29";

/// How a frame of Zstandard begins.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether bytes contain a text, as it is or compressed.
fn show(bytes: &[u8], text: &str) -> bool {
    let contains = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let begins = (0..bytes.len()).filter(|index| bytes[*index..].starts_with(&FRAME));
    let frames = begins.map(|index| {
        let mut content = Vec::new();
        let decoder = zstd::Decoder::new(&bytes[index..]).unwrap();
        // What is behind the frame is none.
        let _ = decoder.single_frame().read_to_end(&mut content);
        content
    });
    contains(bytes) || frames.into_iter().any(|content| contains(&content))
}

/// Returns the bytes of every file below `folder`.
fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() { contents(&path) } else { vec![fs::read(path).unwrap()] }
    };
    paths.flat_map(read).collect()
}

#[tokio::test]
async fn no_file_of_the_archive_shows_an_event_and_a_backfill_reads_all_of_them() {
    let compressed = zstd::encode_all(format!("{CANARY} {CANARY}").as_bytes(), 3).unwrap();
    assert!(show(&[b"before", &compressed[..], b"behind"].concat(), CANARY), "the search finds it");

    let platform = Platform::start_without_processor().await;
    let tenants = [platform.onboard(Tier::Schema).await, platform.onboard(Tier::Shared).await];
    let began = Utc::now();
    let mut processor = platform.spawn(&["processor"]);
    let event = json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": CANARY,
        "event_time": began});
    for tenant in &tenants {
        platform.collect(&tenant.collect_key, &json!(vec![&event; 50])).await.expect(202);
        platform.wait_for_count(tenant, "spring", "impressions", 50).await;
    }
    let archive = LogAndArchive::of(&platform).await;
    assert_eq!(archive.must_equal_the_log().await, 100);
    wait_for_marks(&platform).await;
    let files = contents(Path::new(&archive.folder));
    assert!(!files.is_empty());
    assert!(!files.iter().any(|bytes| show(bytes, CANARY)), "a file shows an event");

    // Only the archive has the events now, and only the operator repairs the table.
    processor.kill();
    backfill::empty(&tenants[0]).await;
    delete_all_records(&platform).await;
    let from = (began - TimeDelta::minutes(5)).to_rfc3339();
    let to = (Utc::now() + TimeDelta::minutes(5)).to_rfc3339();
    let backfill = ["backfill", "--tenant", &tenants[0].id, "--from", &from, "--to", &to];
    let repaired = platform.run(&backfill);
    assert!(repaired.contains("50 rows repaired"), "{repaired}");
}
