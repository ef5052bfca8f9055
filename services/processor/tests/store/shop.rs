//! A tenant whose events a processor stores.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use events::Event;
use log::{LogRange, Offset};
use processor::ProcessorSettings;
use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::Headers,
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use serde_json::json;
use tenancy::{
    ClientId, DirectoryError, Isolation, Placement, TenantContext, TenantDirectory, TenantRecord,
    TenantRouter,
};
use testkit::{eventually, tenant_record};
use uuid::Uuid;
use warehouse::InsertBatch;

use crate::stand::{Stand, client, default_settings};

/// A tenant with a database of its own, the only one of its platform.
pub(crate) struct Shop {
    pub(crate) stand: Stand,
    pub(crate) tenant: TenantContext,
    directory: Arc<Directory>,
}

impl Shop {
    /// Creates the tenant. No processor runs yet.
    pub(crate) async fn open() -> Self {
        let settings = ProcessorSettings {
            instance: "test".to_owned(),
            store_batch_records: 100,
            store_batch_ms: 50,
            store_poison_limit: 3,
            ..default_settings()
        };
        let directory = Arc::new(Directory::new());
        let router = TenantRouter::new(Arc::clone(&directory) as Arc<dyn TenantDirectory>);
        let tenant = resolve(&router, &directory.record.client_id).await;
        let mut stand = Stand::create(1, settings, |_| router).await;
        stand.create_tables(&tenant).await;
        Self { stand, tenant, directory }
    }

    pub(crate) async fn start(&mut self) {
        self.stand.start().await;
    }

    pub(crate) async fn stop(&self) {
        self.stand.stop().await;
    }

    /// Publishes page views of these visitors.
    pub(crate) async fn publish(&self, visitors: impl IntoIterator<Item = String>) {
        let events = visitors.into_iter().map(page_view).collect();
        self.stand.publish(&self.tenant, events).await;
    }

    /// Publishes a record with these bytes.
    pub(crate) fn publish_raw(&self, key: &str, payload: &[u8]) {
        let kafka = &self.stand.dependencies.kafka;
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &kafka.brokers).create().unwrap();
        let record = BaseRecord::to(&kafka.events_topic).key(key).payload(payload);
        producer.send(record).unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// Makes the tenant unknown to the processor, or known again.
    pub(crate) fn forget_tenant(&self, forgotten: bool) {
        self.directory.forgotten.store(forgotten, Ordering::Release);
    }

    /// Runs a statement on the tenant's tables, without the product.
    pub(crate) async fn run(&self, statement: &str) {
        self.stand.run(&self.tenant, statement).await;
    }

    /// Inserts all rows of the table `late` slowly, under the name that the store group would use.
    pub(crate) fn insert_late(&self, first: u64, last: u64) -> impl Future<Output = ()> + use<> {
        let (topic, tables) =
            (&self.stand.dependencies.kafka.events_topic, self.tenant.destination());
        let name = InsertBatch::of(LogRange::new(1, 0, first, last), topic, tables, 1);
        let sql = "INSERT INTO events SELECT * FROM late WHERE sleepEachRow(1.5) = 0";
        let insert = client(tables)
            .query(sql)
            .with_setting("query_id", name.token())
            .with_setting("function_sleep_max_microseconds_per_block", "60000000");
        async move { insert.execute().await.unwrap() }
    }

    /// Returns how many rows the table has, and how many different places they have.
    pub(crate) async fn rows(&self) -> (u64, u64) {
        let sql = "SELECT count(), uniqExact((kgen, kpart, koff, kline)) FROM events";
        client(self.tenant.destination()).query(sql).fetch_one().await.unwrap()
    }

    /// Waits until the mark in the ledger is `next`, and checks that the table has `rows` rows, none
    /// of them doubled.
    pub(crate) async fn wait_for_rows(&self, next: i64, rows: u64) {
        eventually(&format!("the mark is {next}"), async || {
            let sql =
                "SELECT max(next_offset) FROM lease WHERE kgen = (SELECT max(kgen) FROM lease)";
            let mark: Option<i64> =
                sqlx::query_scalar(sql).fetch_one(&self.stand.ledger).await.unwrap();
            (mark == Some(next)).then_some(())
        })
        .await;
        assert_eq!(self.rows().await, (rows, rows));
    }

    /// Reads the rejects, of which there must be `count`: the offset and the payload of each source,
    /// ascending.
    pub(crate) fn rejects(&self, count: usize) -> Vec<(Offset, String)> {
        let kafka = &self.stand.dependencies.kafka;
        let reader: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &kafka.brokers)
            .set("group.id", "test")
            .create()
            .unwrap();
        let mut all = TopicPartitionList::new();
        for partition in 0..3 {
            let topic = &kafka.rejects_topic;
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

/// Returns names of visitors: `v0`, `v1`…
pub(crate) fn visitors(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("v{number}"))
}

/// Returns a page view of now.
pub(crate) fn page_view(visitor: String) -> Event {
    let now = Utc::now();
    serde_json::from_value(json!({
        "event_id": Uuid::now_v7(), "type": "page_view", "event_time": now, "received_at": now,
        "visitor_id": visitor,
    }))
    .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test acts for a tenant that it created")]
async fn resolve(router: &TenantRouter, client_id: &ClientId) -> TenantContext {
    router.resolve_record(client_id).await.unwrap()
}

/// Knows one tenant, while it is not forgotten.
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
