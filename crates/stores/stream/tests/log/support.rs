//! A separate log for each test, on the real Kafka that `FOOTFALL__KAFKA__BROKERS` names.

use std::{ops::Range, sync::Arc, time::Duration};

use chrono::Utc;
use events::Event;
use log::{Offset, Partition};
use stream::{
    Delivery, Entry, KafkaSettings, PartitionStream, Producer, PublishOutcome, Topics,
    delete_topics, ensure_topics,
};
use tenancy::{
    ClientId, DirectoryError, Limits, Scoped, TenantContext, TenantDirectory, TenantRecord,
    TenantRouter,
};
use testkit::tenant_record;
use uuid::Uuid;

/// The partition of a log that has one.
pub(crate) const ONLY: Partition = Partition::new(0);

pub(crate) const DELIVERY: Delivery<'static> =
    Delivery { within: Duration::from_secs(20), traceparent: None };

/// Topics with random names, deleted when dropped.
pub(crate) struct TestLog {
    pub(crate) settings: KafkaSettings,
    pub(crate) topics: Topics,
}

impl TestLog {
    pub(crate) async fn new(partitions: u16) -> Self {
        let settings: KafkaSettings = testkit::log(partitions);
        let topics = ensure_topics(&settings).await.unwrap();
        Self { settings, topics }
    }

    pub(crate) fn producer(&self) -> Producer {
        Producer::new(&self.settings).unwrap()
    }

    /// Publishes `count` page views and returns the place of each.
    pub(crate) async fn publish(&self, tenant: &TenantContext, count: usize) -> Vec<Placed> {
        let events: Vec<_> = (0..count).map(|_| page_view(Uuid::now_v7())).collect();
        let ids: Vec<_> = events.iter().map(|event| event.event_id).collect();
        let outcomes = self.producer().publish(tenant.scope(events), DELIVERY).await;
        ids.into_iter()
            .zip(outcomes)
            .map(|(id, outcome)| match outcome {
                PublishOutcome::Published { partition, offset } => Placed { id, partition, offset },
                PublishOutcome::Failed { .. } => panic!("Kafka did not accept the event"),
            })
            .collect()
    }
}

impl Drop for TestLog {
    fn drop(&mut self) {
        let settings = self.settings.clone();
        std::thread::spawn(move || delete(&settings)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn delete(settings: &KafkaSettings) {
    delete_topics(settings).await.unwrap();
}

/// An event and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub(crate) partition: Partition,
    pub(crate) offset: Offset,
    pub(crate) id: Uuid,
}

struct Directory;

#[async_trait::async_trait]
impl TenantDirectory for Directory {
    /// Every tenant exists, except for `nobody`. The number in a name is the tenant's spread.
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let spread = client_id.as_str().rsplit('-').next().and_then(|text| text.parse().ok());
        let limits = Limits { partition_spread: spread.unwrap_or(4), ..Limits::default() };
        let record = TenantRecord { limits, ..tenant_record(client_id) };
        Ok((client_id.as_str() != "nobody").then_some(record))
    }
}

pub(crate) fn offsets(range: Range<u64>) -> Range<Offset> {
    Offset::new(range.start)..Offset::new(range.end)
}

pub(crate) fn router() -> TenantRouter {
    TenantRouter::new(Arc::new(Directory))
}

pub(crate) async fn tenant(name: &str) -> TenantContext {
    router().resolve_record(&name.parse().unwrap()).await.unwrap()
}

pub(crate) fn page_view(event_id: Uuid) -> Event {
    let now = Utc::now();
    serde_json::from_value(serde_json::json!({
        "event_id": event_id, "type": "page_view", "event_time": now, "received_at": now,
    }))
    .unwrap()
}

/// Reads `count` records, or fails after 30 seconds.
pub(crate) async fn read(stream: &mut PartitionStream, count: usize) -> Vec<Placed> {
    let mut placed = Vec::new();
    while placed.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(30), stream.next(1_000)).await;
        let batch = next
            .expect("records should come")
            .unwrap()
            .expect("the partition should still be assigned");
        placed.extend(batch.entries.iter().map(place));
    }
    placed
}

pub(crate) fn place(entry: &Entry) -> Placed {
    let Entry::Record(record) = entry else { panic!("{entry:?} should be a tenant's") };
    let (record, event) = (record.value(), event(record));
    Placed { partition: record.partition, offset: record.offset, id: event.event_id }
}

pub(crate) fn event(record: &Scoped<stream::LogRecord>) -> Event {
    serde_json::from_slice(record.value().payload.as_deref().unwrap()).unwrap()
}
