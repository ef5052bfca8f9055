//! A log, a ledger and tables of its own for each test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aggregates::{Aggregates, RedisSettings};
use archive::Archive;
use chrono::Utc;
use clickhouse::Client;
use control_plane::ControlPlane;
use events::Event;
use lifecycle::Lifecycle;
use processor::{Parts, ProcessorSettings, Sink};
use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::Headers,
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use serde_json::json;
use settings::Secret;
use sqlx::PgPool;
use stream::{Delivery, KafkaSettings, Producer, PublishOutcome, delete_topics, ensure_topics};
use tempfile::TempDir;
use tenancy::{
    ClientId, DirectoryError, Isolation, Placement, TenantContext, TenantDirectory, TenantRecord,
    TenantRouter,
};
use testkit::{Database, eventually, setting, tenant_record};
use uuid::Uuid;
use warehouse::{ClusterSettings, InsertBatch, Warehouse};

const DELIVERY: Delivery<'static> = Delivery { within: Duration::from_secs(20), traceparent: None };

/// A tenant with a database of its own, and the log of a platform that has no other.
pub(crate) struct Shop {
    pub(crate) parts: Parts,
    pub(crate) tenant: TenantContext,
    pub(crate) ledger: PgPool,
    directory: Arc<Directory>,
    client: Client,
    running: Option<Lifecycle>,
    _folder: TempDir,
    _database: Database,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let database = Database::create().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let warehouse = Warehouse::new([("shared".parse().unwrap(), testkit::cluster("shared"))]);
        let directory = Arc::new(Directory::new());
        let router = TenantRouter::new(Arc::clone(&directory) as Arc<dyn TenantDirectory>);
        let tenant = resolve(&router, &directory.record.client_id).await;
        warehouse.migrate(tenant.destination()).await.unwrap();
        let run = Uuid::now_v7();
        let kafka: KafkaSettings = testkit::log(1);
        ensure_topics(&kafka).await.unwrap();
        let redis = RedisSettings {
            url: Secret::new(setting("FOOTFALL__REDIS__URL")),
            slot_buckets: 1,
            namespace: format!("test-{run}"),
        };
        let folder = tempfile::tempdir().unwrap();
        let settings = ProcessorSettings {
            bind: String::new(),
            instance: "test".to_owned(),
            audit_seconds: 60,
            store_batch_records: 100,
            store_batch_ms: 50,
            store_memory_mib: 64,
            store_poison_limit: 3,
            live_batch_records: 100,
            live_batch_ms: 20,
            archive_batch_records: 100,
            archive_batch_mib: 1,
            archive_batch_ms: 1_000,
            archive_memory_mib: 1,
            recent_ids_memory_mib: 16,
            recent_ids_folder: folder.path().join("recent-ids"),
        };
        let parts = Parts {
            settings,
            kafka,
            control_plane,
            warehouse,
            archive: Archive::new(&testkit::archive_in(folder.path())).unwrap(),
            aggregates: Aggregates::connect(&redis).unwrap(),
            router,
        };
        let cluster: ClusterSettings = testkit::cluster("shared");
        let client = Client::default()
            .with_url(&cluster.url)
            .with_user(&cluster.writer_user)
            .with_password(cluster.writer_password.expose())
            .with_database(&tenant.destination().database);
        let ledger = PgPool::connect(database.url()).await.unwrap();
        Self {
            parts,
            tenant,
            ledger,
            directory,
            client,
            running: None,
            _folder: folder,
            _database: database,
        }
    }

    /// Starts a processor.
    pub(crate) async fn start(&mut self) {
        let lifecycle = Lifecycle::new();
        processor::run(self.parts.clone(), &[Sink::Store], &lifecycle).await.unwrap();
        self.running = Some(lifecycle);
    }

    /// Stops it, in order.
    pub(crate) async fn stop(&mut self) {
        let lifecycle = self.running.take().unwrap();
        lifecycle.token().cancel();
        lifecycle.run_until_signal().await.unwrap();
    }

    /// Cleans up behind it.
    pub(crate) async fn close(mut self) {
        if self.running.is_some() {
            self.stop().await;
        }
        let database = &self.tenant.destination().database;
        self.run(&format!("DROP DATABASE {database}")).await;
        delete_topics(&self.parts.kafka).await.unwrap();
    }

    /// Publishes page views of these visitors.
    #[expect(clippy::disallowed_methods, reason = "stands in for the collector")]
    pub(crate) async fn publish(&self, visitors: impl IntoIterator<Item = String>) {
        let events: Vec<_> = visitors.into_iter().map(page_view).collect();
        let producer = Producer::new(&self.parts.kafka).unwrap();
        let outcomes = producer.publish(self.tenant.scope(events), DELIVERY).await;
        for outcome in outcomes {
            assert!(matches!(outcome, PublishOutcome::Published { .. }), "{outcome:?}");
        }
    }

    /// Puts bytes into the log, under a key.
    pub(crate) fn publish_raw(&self, key: &str, payload: &[u8]) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.parts.kafka.brokers)
            .create()
            .unwrap();
        let record = BaseRecord::to(&self.parts.kafka.events_topic).key(key).payload(payload);
        producer.send(record).unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// The tenant's id; records of it cannot be told from then on, or can again.
    pub(crate) fn forget_tenant(&self, forgotten: bool) {
        self.directory.forgotten.store(forgotten, Ordering::Release);
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.query(sql).execute().await.unwrap();
    }

    /// An insert of all that the table `late` holds, called as a sink calls it; it takes its time.
    pub(crate) fn insert_late(&self, first: u64, last: u64) -> impl Future<Output = ()> + use<> {
        let name = InsertBatch {
            kgen: 1,
            topic: self.parts.kafka.events_topic.clone(),
            partition: 0,
            first,
            last,
            destination: self.tenant.destination().clone(),
            epoch: 1,
            repair: 0,
        };
        let sql = "INSERT INTO events SELECT * FROM late WHERE sleepEachRow(1.5) = 0";
        let insert = self
            .client
            .query(sql)
            .with_setting("query_id", name.token())
            .with_setting("deduplicate_insert", "disable")
            .with_setting("function_sleep_max_microseconds_per_block", "60000000");
        async move { insert.execute().await.unwrap() }
    }

    /// Rows in the table, and how many different coordinates they have.
    pub(crate) async fn rows(&self) -> (u64, u64) {
        let sql = "SELECT count(), uniqExact((kgen, kpart, koff, kline)) FROM events";
        self.client.query(sql).fetch_one().await.unwrap()
    }

    /// Waits until the ledger has come to `next`, and the table holds `rows` rows, each once.
    pub(crate) async fn settled(&self, next: i64, rows: u64) {
        eventually(&format!("the ledger is at {next}"), async || {
            let sql =
                "SELECT max(next_offset) FROM lease WHERE kgen = (SELECT max(kgen) FROM lease)";
            let at: Option<i64> = sqlx::query_scalar(sql).fetch_one(&self.ledger).await.unwrap();
            (at == Some(next)).then_some(())
        })
        .await;
        assert_eq!(self.rows().await, (rows, rows));
    }

    /// The rejects: offset of their source, and what was kept of them.
    pub(crate) fn rejects(&self, count: usize) -> Vec<(u64, String)> {
        let reader: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.parts.kafka.brokers)
            .set("group.id", "test")
            .create()
            .unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..3 {
            let topic = &self.parts.kafka.rejects_topic;
            all.add_partition_offset(topic, partition, rdkafka::Offset::Beginning).unwrap();
        }
        reader.assign(&all).unwrap();
        let mut rejects = Vec::new();
        while rejects.len() < count {
            let message = reader.poll(Duration::from_secs(20)).expect("a reject").unwrap();
            assert_eq!(message.key(), Some(self.tenant.client_id().as_str().as_bytes()));
            let header = |name: &str| {
                let header = message.headers().unwrap().iter().find(|header| header.key == name);
                String::from_utf8(header.unwrap().value.unwrap().to_vec()).unwrap()
            };
            assert_eq!(header("code"), "poison");
            let payload = String::from_utf8(message.payload().unwrap().to_vec()).unwrap();
            rejects.push((header("source_offset").parse().unwrap(), payload));
        }
        assert!(reader.poll(Duration::from_secs(1)).is_none(), "more than {count} rejects");
        rejects.sort();
        rejects
    }
}

/// Names of visitors.
pub(crate) fn visitors(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("v{number}"))
}

fn page_view(visitor: String) -> Event {
    let now = Utc::now();
    serde_json::from_value(json!({
        "event_id": Uuid::now_v7(), "type": "page_view", "event_time": now, "received_at": now,
        "visitor_id": visitor,
    }))
    .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test acts for a tenant that it made up")]
async fn resolve(router: &TenantRouter, client_id: &ClientId) -> TenantContext {
    router.resolve_record(client_id).await.unwrap()
}

/// Knows one tenant, unless told to forget it.
struct Directory {
    record: TenantRecord,
    forgotten: AtomicBool,
}

impl Directory {
    fn new() -> Self {
        let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
        let record = tenant_record(&client_id);
        let placement = Placement { isolation: Isolation::Schema, ..record.placement };
        Self { record: TenantRecord { placement, ..record }, forgotten: AtomicBool::new(false) }
    }
}

#[async_trait::async_trait]
impl TenantDirectory for Directory {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let known = *client_id == self.record.client_id && !self.forgotten.load(Ordering::Acquire);
        Ok(known.then(|| self.record.clone()))
    }
}
