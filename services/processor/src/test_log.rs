//! A log, a ledger and an archive that only one test uses, on real servers.

use std::{sync::Arc, thread, time::Duration};

use archive::Archive;
use auth::Sealer;
use control_plane::{ControlPlane, Group, Ledger, SealedDataKeys};
use rdkafka::{
    ClientConfig, Offset as KafkaOffset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    producer::{FutureProducer, FutureRecord},
};
use stream::{KafkaSettings, LogReader, delete_topics, ensure_topics};
use tempfile::TempDir;
use tenancy::TenantRouter;
use testkit::Database;
use tokio::time::sleep;

use crate::{current_generation::CurrentGeneration, history::History};

/// A log with one partition. Its topics are deleted with this value.
pub(crate) struct TestLog {
    pub(crate) kafka: KafkaSettings,
    pub(crate) control_plane: ControlPlane,
    pub(crate) ledger: Ledger,
    pub(crate) router: TenantRouter,
    pub(crate) reader: LogReader,
    pub(crate) current: CurrentGeneration,
    /// The folder of the archive.
    pub(crate) folder: TempDir,
    _database: Database,
}

impl TestLog {
    /// Creates an empty log whose records are of no known tenant.
    pub(crate) async fn new() -> Self {
        let no_tenant =
            |control_plane: &ControlPlane| TenantRouter::new(Arc::new(control_plane.clone()));
        Self::with_router(no_tenant).await
    }

    /// Creates an empty log.
    pub(crate) async fn with_router(router: impl FnOnce(&ControlPlane) -> TenantRouter) -> Self {
        let database = Database::migrated().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let router = router(&control_plane);
        let ledger = control_plane.ledger();
        let kafka: KafkaSettings = testkit::log(1);
        let reader = LogReader::new(&kafka, router.clone()).unwrap();
        let current = CurrentGeneration::find(&kafka, &ledger, &reader).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { kafka, control_plane, ledger, router, reader, current, folder, _database: database }
    }

    pub(crate) fn archive(&self) -> Archive {
        self.archive_with_keys_of(self)
    }

    /// Opens the archive with the data keys that another PostgreSQL has.
    pub(crate) fn archive_with_keys_of(&self, other: &Self) -> Archive {
        #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
        let platform = other.control_plane.for_platform(&TenantRouter::platform("cli"));
        let keys = SealedDataKeys::new(platform, Sealer::new([7; 32]));
        Archive::new(&testkit::archive_in(self.folder.path()), Arc::new(keys)).unwrap()
    }

    pub(crate) fn history(&self, group: Group) -> History {
        History::new(
            group,
            self.current.clone(),
            self.reader.clone(),
            self.ledger.clone(),
            self.archive(),
            self.router.clone(),
        )
    }

    /// Deletes the records before `offset`, as if they had expired.
    pub(crate) async fn expire_before(&self, offset: i64) {
        let admin: AdminClient<DefaultClientContext> = client(&self.kafka).create().unwrap();
        let mut list = TopicPartitionList::new();
        let offset = KafkaOffset::Offset(offset);
        list.add_partition_offset(&self.kafka.events_topic, 0, offset).unwrap();
        admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    }
}

/// Publishes a record under the key of a tenant.
pub(crate) async fn publish_of(kafka: &KafkaSettings, tenant: &str, payload: &str) {
    let producer: FutureProducer = client(kafka).create().unwrap();
    let record = FutureRecord::to(&kafka.events_topic).key(tenant).payload(payload);
    producer.send(record, Duration::from_secs(20)).await.unwrap();
}

/// Publishes `count` records that are not events.
pub(crate) async fn publish(kafka: &KafkaSettings, count: usize) {
    let producer: FutureProducer = client(kafka).create().unwrap();
    for number in 0..count {
        let payload = format!("record {number}");
        let record = FutureRecord::<str, _>::to(&kafka.events_topic).payload(&payload);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }
}

/// Deletes the topics and creates them again, empty.
pub(crate) async fn recreate(kafka: &KafkaSettings) {
    let before = ensure_topics(kafka).await.unwrap().events;
    delete_topics(kafka).await.unwrap();
    while !ensure_topics(kafka).await.is_ok_and(|topics| topics.events != before) {
        sleep(Duration::from_millis(100)).await;
    }
}

fn client(kafka: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &kafka.brokers);
    config
}

impl Drop for TestLog {
    fn drop(&mut self) {
        let kafka = self.kafka.clone();
        thread::spawn(move || delete(&kafka)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn delete(kafka: &KafkaSettings) {
    delete_topics(kafka).await.unwrap();
}
