//! A processor that stores events, on real servers.

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use aggregates::Aggregates;
use archive::Archive;
use auth::Sealer;
use clickhouse::Client;
use control_plane::{ControlPlane, Group, SealedDataKeys};
use events::Event;
use lifecycle::Lifecycle;
use log::{Offset, Partition};
use processor::{Dependencies, ProcessorSettings};
use serde::Deserialize;
use sqlx::PgPool;
use stream::{Delivery, KafkaSettings, Producer, PublishOutcome, delete_topics, ensure_topics};
use tempfile::TempDir;
use tenancy::{Destination, TenantContext, TenantRouter};
use testkit::Database;
use warehouse::{ClusterSettings, Warehouse};

pub(crate) const CLUSTERS: [&str; 2] = ["shared", "dedicated"];

const DELIVERY: Delivery<'static> = Delivery { within: Duration::from_secs(20), traceparent: None };

/// A log, a ledger and an archive that only one test uses, and a processor that stores.
pub(crate) struct Stand {
    pub(crate) dependencies: Dependencies,
    /// The tables of the ledger.
    pub(crate) ledger: PgPool,
    /// The databases of ClickHouse to drop.
    pub(crate) tables: Vec<Destination>,
    lifecycle: Lifecycle,
    folder: TempDir,
    _database: Database,
}

#[derive(Deserialize)]
struct Defaults {
    processor: ProcessorSettings,
}

/// Returns the data keys with which the archive is encrypted.
#[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
pub(crate) fn data_keys(control_plane: &ControlPlane) -> Arc<SealedDataKeys> {
    let platform = control_plane.for_platform(&TenantRouter::platform("cli"));
    Arc::new(SealedDataKeys::new(platform, Sealer::new([7; 32])))
}

/// Returns the default settings of a processor.
pub(crate) fn default_settings() -> ProcessorSettings {
    let defaults: Defaults =
        toml::from_str(include_str!("../../../footfall/default.toml")).unwrap();
    defaults.processor
}

impl Stand {
    /// Creates the stores. No processor runs yet.
    pub(crate) async fn create(
        partitions: u16,
        settings: ProcessorSettings,
        router: impl FnOnce(&ControlPlane) -> TenantRouter,
    ) -> Self {
        let database = Database::migrated().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let kafka: KafkaSettings = testkit::log(partitions);
        ensure_topics(&kafka).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let recent_ids_folder = folder.path().join("recent-ids");
        let archive = testkit::archive_in(&folder.path().join("archive"));
        let keys = data_keys(&control_plane);
        let dependencies = Dependencies {
            settings: ProcessorSettings { recent_ids_folder, ..settings },
            router: router(&control_plane),
            control_plane,
            warehouse: Warehouse::new(
                CLUSTERS.map(|name| (name.parse().unwrap(), testkit::cluster(name))),
            ),
            aggregates: Aggregates::connect(&testkit::redis()).unwrap(),
            sealer: Sealer::new([7; 32]),
            archive: Archive::new(&archive, keys).unwrap(),
            kafka,
        };
        Self {
            dependencies,
            ledger: PgPool::connect(database.url()).await.unwrap(),
            tables: Vec::new(),
            lifecycle: Lifecycle::new(),
            folder,
            _database: database,
        }
    }

    /// Starts the processor.
    pub(crate) async fn start(&mut self) {
        self.lifecycle = Lifecycle::new();
        processor::run(self.dependencies.clone(), &[Group::Store], &self.lifecycle).await.unwrap();
    }

    /// Stops the processor, as a signal does.
    pub(crate) async fn stop(&self) {
        self.lifecycle.stop().await.unwrap();
    }

    /// Creates the tables of a tenant.
    pub(crate) async fn create_tables(&mut self, tenant: &TenantContext) {
        self.dependencies.warehouse.migrate(tenant.destination()).await.unwrap();
        self.tables.push(tenant.destination().clone());
    }

    /// Publishes events and returns their places in the log.
    pub(crate) async fn publish(
        &self,
        tenant: &TenantContext,
        events: Vec<Event>,
    ) -> Vec<(Partition, Offset)> {
        #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
        let events = tenant.scope(events);
        // A new one each time: the test may have recreated the topics.
        let producer = Producer::new(&self.dependencies.kafka).unwrap();
        let place = |outcome| match outcome {
            PublishOutcome::Published { partition, offset } => (partition, offset),
            PublishOutcome::Failed { .. } => panic!("Kafka did not accept an event"),
        };
        producer.publish(events, DELIVERY).await.into_iter().map(place).collect()
    }

    /// Runs a statement on the tenant's tables, without the product.
    pub(crate) async fn run(&self, tenant: &TenantContext, statement: &str) {
        client(tenant.destination()).query(statement).execute().await.unwrap();
    }

    /// Returns the folder of the archive.
    pub(crate) fn archive_folder(&self) -> PathBuf {
        self.folder.path().join("archive")
    }
}

/// Returns a client that writes to these tables. Its mutations are complete when they return.
pub(crate) fn client(tables: &Destination) -> Client {
    let settings: ClusterSettings = testkit::cluster(tables.cluster.as_str());
    Client::default()
        .with_url(&settings.url)
        .with_user(&settings.writer_user)
        .with_password(settings.writer_password.expose())
        .with_database(&tables.database)
        .with_setting("mutations_sync", "2")
        .with_setting("deduplicate_insert", "disable")
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.lifecycle.token().cancel();
        let kafka = self.dependencies.kafka.clone();
        let tables = std::mem::take(&mut self.tables);
        thread::spawn(move || delete(&kafka, &tables)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn delete(kafka: &KafkaSettings, tables: &[Destination]) {
    delete_topics(kafka).await.unwrap();
    for tables in tables {
        let statement = format!("DROP DATABASE {}", tables.database);
        client(tables).query(&statement).execute().await.unwrap();
    }
}
