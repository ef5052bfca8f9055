use std::{ops::Range, path::PathBuf, sync::Arc, thread, time::Duration};

use aggregates::{Aggregates, RedisSettings};
use archive::{Archive, ArchivedRecord, Header, Object, ObjectKey, Stored};
use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use control_plane::{
    Account, Archived, Batch, BatchPlan, Cluster, ControlPlane, PlatformControl, Skip, TenantSpec,
};
use events::Event;
use lifecycle::Lifecycle;
use metrics::{Counter, Granularity, TimeRange};
use processor::{Audit, AuditReport, Parts, ProcessorSettings, Replay, ReplayReport, Sink};
use rdkafka::{
    ClientConfig, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
};
use serde::Deserialize;
use serde_json::json;
use settings::Secret;
use sqlx::PgPool;
use stream::{
    Delivery, Entry, KafkaSettings, LogReader, Offset, Partition, Producer, PublishOutcome,
    delete_topics, ensure_topics,
};
use tempfile::TempDir;
use tenancy::{ClusterName, Isolation, Limits, Scoped, TenantContext, TenantRouter, TenantState};
use testkit::{Database, eventually, setting};
use uuid::Uuid;
use warehouse::{ClusterSettings, Coordinates, EventRow, InsertBatch, Warehouse};

const CLUSTERS: [&str; 2] = ["shared", "dedicated"];
const PARTITIONS: Partition = 2;

/// Rows once more, those that the server works out by itself left out.
pub(crate) const COPY: &str =
    "INSERT INTO events (* EXCEPT referrer_host) SELECT * EXCEPT referrer_host FROM events";

/// An hour, in seconds: no audit but the one that a test asks for.
pub(crate) const NEVER: u64 = 3_600;

/// A log, a ledger and tables of a test's own, with a processor that stores.
pub(crate) struct Stand {
    pub(crate) parts: Parts,
    pub(crate) ledger: PgPool,
    lifecycle: Lifecycle,
    producer: Producer,
    folder: TempDir,
    /// Databases of ClickHouse to drop.
    _memory: TempDir,
    made: Vec<(ClusterName, String)>,
    pub(crate) database: Database,
}

#[derive(Deserialize)]
struct Defaults {
    processor: ProcessorSettings,
}

impl Stand {
    /// With an audit every so many seconds, besides the one when it starts.
    pub(crate) async fn new(audit_seconds: u64) -> Self {
        let database = Database::create().await;
        let name = database.name().replace('_', "-");
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        for name in CLUSTERS {
            let sealer = auth::Sealer::new([7; 32]);
            admin(&control_plane).register_cluster(&sealer, &cluster(name)).await.unwrap();
        }
        let kafka = KafkaSettings {
            brokers: setting("FOOTFALL__KAFKA__BROKERS"),
            events_topic: format!("{name}.events"),
            rejects_topic: format!("{name}.rejects"),
            partitions: PARTITIONS,
            replication: 1,
        };
        let redis = RedisSettings {
            url: Secret::new(setting("FOOTFALL__REDIS__URL")),
            slot_buckets: 1,
            namespace: name,
        };
        let folder = tempfile::tempdir().unwrap();
        let defaults: Defaults =
            toml::from_str(include_str!("../../../footfall/default.toml")).unwrap();
        let memory = tempfile::tempdir().unwrap();
        let recent_ids_folder = memory.path().to_owned();
        let settings = ProcessorSettings { audit_seconds, recent_ids_folder, ..defaults.processor };
        let parts = Parts {
            settings,
            router: TenantRouter::new(Arc::new(control_plane.clone())),
            control_plane,
            warehouse: Warehouse::new(
                CLUSTERS.map(|name| (name.parse().unwrap(), testkit::cluster(name))),
            ),
            aggregates: Aggregates::connect(&redis).unwrap(),
            archive: Archive::new(&testkit::archive_in(folder.path())).unwrap(),
            kafka,
        };
        let mut stand = Self {
            producer: Producer::new(&parts.kafka).unwrap(),
            parts,
            ledger: PgPool::connect(database.url()).await.unwrap(),
            lifecycle: Lifecycle::new(),
            folder,
            _memory: memory,
            made: Vec::new(),
            database,
        };
        stand.start().await;
        stand
    }

    /// Starts a processor that stores.
    pub(crate) async fn start(&mut self) {
        self.lifecycle = Lifecycle::new();
        processor::run(self.parts.clone(), &[Sink::Store], &self.lifecycle).await.unwrap();
    }

    /// Stops the processor.
    pub(crate) async fn stop(&self) {
        self.lifecycle.stop().await.unwrap();
    }

    /// A tenant with tables of its own.
    pub(crate) async fn tenant(&mut self, cluster: &str) -> TenantContext {
        let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
        let spec = TenantSpec {
            client_id,
            name: "Shop".to_owned(),
            limits: Limits::default(),
            retention_days: 400,
            time_zone: chrono_tz::UTC,
            currency: "EUR".parse().unwrap(),
            origins: Vec::new(),
        };
        let admin = admin(&self.parts.control_plane);
        let cluster = cluster.parse().unwrap();
        admin.create_tenant(&spec, Isolation::Schema, &cluster).await.unwrap();
        admin.set_tenant_state(&spec.client_id, TenantState::Active).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
        let tenant = self.parts.router.resolve_record(&spec.client_id).await.unwrap();
        self.parts.warehouse.migrate(tenant.destination()).await.unwrap();
        self.made.push((cluster, tenant.destination().database.clone()));
        tenant
    }

    /// Publishes events and tells where they are.
    pub(crate) async fn publish(
        &self,
        tenant: &TenantContext,
        events: Vec<Event>,
    ) -> Vec<(Partition, Offset)> {
        #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
        let events = tenant.scope(events);
        let delivery = Delivery { within: Duration::from_secs(20), traceparent: None };
        let placed = |outcome| match outcome {
            PublishOutcome::Published { partition, offset } => (partition, offset),
            PublishOutcome::Failed { .. } => panic!("kafka did not take an event"),
        };
        self.producer.publish(events, delivery).await.into_iter().map(placed).collect()
    }

    /// Waits until the ledger says that all that is in the log is stored.
    pub(crate) async fn stored(&self) {
        let ends = self.reader().ends().await.unwrap();
        eventually("the ledger says that all is stored", async || {
            let ledger = self.parts.control_plane.ledger();
            let topic = &self.parts.kafka.events_topic;
            let noted = ledger.noted_offsets("store", topic).await.unwrap();
            let done = |(partition, end): &(Partition, Offset)| {
                *end == 0 || noted.iter().any(|(_, of, next)| of == partition && next >= end)
            };
            ends.iter().all(done).then_some(())
        })
        .await;
    }

    /// Publishes events and waits until they are stored.
    pub(crate) async fn store(&self, tenant: &TenantContext, events: Vec<Event>) {
        self.publish(tenant, events).await;
        self.stored().await;
    }

    /// One past the last record of each partition.
    pub(crate) async fn ends(&self) -> [i64; PARTITIONS as usize] {
        let ends = self.reader().ends().await.unwrap();
        let ends: Vec<_> = ends.into_iter().map(|(_, end)| end.cast_signed()).collect();
        ends.try_into().unwrap()
    }

    fn reader(&self) -> LogReader {
        LogReader::new(&self.parts.kafka, self.parts.router.clone()).unwrap()
    }

    /// All that the log holds, as the archive keeps it.
    pub(crate) async fn copy_log(&self) -> Vec<(ObjectKey, Vec<ArchivedRecord>)> {
        let mut objects = Vec::new();
        for partition in 0..PARTITIONS {
            let bounds = self.reader().bounds(partition).await.unwrap();
            let mut stream = self.reader().read_range(partition, bounds).unwrap();
            while let Some(batch) = stream.next(7).await.unwrap() {
                let records: Vec<_> = batch.entries.iter().map(archived).collect();
                let (first, last) = (records[0].offset, records[records.len() - 1].offset);
                let kgen = self.kgen().await;
                objects.push((ObjectKey { kgen, partition, first, last }, records));
            }
        }
        objects
    }

    /// Puts records into the archive, and has the ledger vouch for them.
    pub(crate) async fn archive(&self, objects: Vec<(ObjectKey, Vec<ArchivedRecord>)>) {
        let ledger = self.parts.control_plane.ledger();
        for (key, records) in objects {
            let times = records.iter().map(|record| record.log_time);
            let (logged_from, logged_to) = (times.clone().min().unwrap(), times.max().unwrap());
            let object = Object::write(key, &records).unwrap();
            let stored = self.parts.archive.put(&object).await.unwrap();
            let ObjectKey { kgen, partition, first, last } = key;
            let Stored { records, bytes, sha256 } = stored;
            let object = Archived {
                kgen,
                partition,
                first,
                last,
                records,
                bytes,
                sha256,
                logged_from,
                logged_to,
            };
            let mut lease = ledger.take("archive", kgen, partition, "test").await.unwrap();
            if lease.next_offset < first {
                lease = ledger.advance(&lease, first, logged_from).await.unwrap();
            }
            let plan = BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
            ledger.plan(&lease, &plan).await.unwrap();
            ledger.mark_archived(&lease, &object).await.unwrap();
        }
    }

    /// The files of all objects, sorted.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut objects = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { objects.push(path) }
            }
        }
        objects.sort();
        objects
    }

    /// Has Kafka let go of all that is in the log.
    pub(crate) async fn empty_log(&self) {
        let client: AdminClient<_> = ClientConfig::new()
            .set("bootstrap.servers", &self.parts.kafka.brokers)
            .create()
            .unwrap();
        let mut ends = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            let topic = &self.parts.kafka.events_topic;
            ends.add_partition_offset(topic, i32::from(partition), rdkafka::Offset::End).unwrap();
        }
        client.delete_records(&ends, &AdminOptions::new()).await.unwrap();
    }

    /// Deletes the log and makes another in its place.
    pub(crate) async fn make_log_anew(&mut self) {
        delete_topics(&self.parts.kafka).await.unwrap();
        ensure_topics(&self.parts.kafka).await.unwrap();
        self.producer = Producer::new(&self.parts.kafka).unwrap();
    }

    /// Replays what the log took in within the last hour.
    pub(crate) async fn replay(&self, tenant: &TenantContext, dry_run: bool) -> ReplayReport {
        self.replay_of(tenant, Utc::now() - TimeDelta::hours(1)..Utc::now(), dry_run).await
    }

    pub(crate) async fn replay_of(
        &self,
        tenant: &TenantContext,
        logged: Range<DateTime<Utc>>,
        dry_run: bool,
    ) -> ReplayReport {
        let wanted = Replay { tenant: tenant.client_id().clone(), logged, dry_run };
        processor::replay(&self.parts, &wanted, &mut |_| {}).await.unwrap()
    }

    /// Audits everything that was stored so far.
    pub(crate) async fn audit(&self, full: bool) -> AuditReport {
        let stored = Utc::now() - TimeDelta::hours(1)..Utc::now() + TimeDelta::hours(1);
        processor::audit(&self.parts, Audit { stored, full }, &mut |_| {}).await.unwrap()
    }

    /// Everything that the ledger says of a partition.
    pub(crate) async fn batches(&self, partition: Partition) -> Vec<Batch> {
        let ledger = self.parts.control_plane.ledger();
        ledger.done_batches("store", self.kgen().await, partition, 0..=u64::MAX >> 1).await.unwrap()
    }

    pub(crate) async fn kgen(&self) -> u16 {
        let ledger = self.parts.control_plane.ledger();
        ledger.noted_offsets("store", &self.parts.kafka.events_topic).await.unwrap()[0].0
    }

    /// The insert of a batch, as the store sink sent it.
    pub(crate) async fn insert_of(
        &self,
        partition: Partition,
        batch: &Batch,
    ) -> (InsertBatch, Vec<Scoped<Vec<EventRow>>>) {
        let reader = LogReader::new(&self.parts.kafka, self.parts.router.clone()).unwrap();
        let (first, last) = (batch.plan.first, batch.plan.last);
        let mut stream = reader.read_range(partition, first..last + 1).unwrap();
        let mut rows = Vec::new();
        while let Some(found) = stream.next(1_000).await.unwrap() {
            for entry in found.entries {
                let Entry::Record(record) = entry else { panic!("{entry:?}") };
                if batch.plan.skip.contains(record.value().offset) {
                    continue;
                }
                rows.push(record.map(|record| {
                    let at = Coordinates { offset: record.offset, logged_at: record.log_time };
                    let event = serde_json::from_slice(&record.payload.unwrap()).unwrap();
                    EventRow::lines(Arc::new(event), at).collect::<Vec<_>>()
                }));
            }
        }
        let insert = InsertBatch {
            kgen: self.kgen().await,
            topic: self.parts.kafka.events_topic.clone(),
            partition,
            first,
            last,
            destination: batch.plan.destinations[0].destination.clone(),
            epoch: 1,
            repair: 0,
        };
        (insert, Scoped::group(rows).into_iter().map(|group| group.map(|it| it.concat())).collect())
    }

    /// Runs a statement on the tenant's tables, past everything.
    pub(crate) async fn damage(&self, tenant: &TenantContext, statement: &str) {
        let settings: ClusterSettings = testkit::cluster(tenant.destination().cluster.as_str());
        Client::default()
            .with_url(&settings.url)
            .with_user(&settings.writer_user)
            .with_password(settings.writer_password.expose())
            .with_database(&tenant.destination().database)
            .with_setting("mutations_sync", "2")
            .with_setting("deduplicate_insert", "disable")
            .query(statement)
            .execute()
            .await
            .unwrap();
    }

    /// Every row's place in the log.
    pub(crate) async fn places(&self, tenant: &TenantContext) -> Vec<(Partition, Offset, u8)> {
        let mut places = Vec::new();
        for partition in 0..PARTITIONS {
            let everything = InsertBatch {
                kgen: self.kgen().await,
                topic: String::new(),
                partition,
                first: 0,
                last: u64::MAX >> 1,
                destination: tenant.destination().clone(),
                epoch: 1,
                repair: 0,
            };
            let always = Utc::now() - TimeDelta::days(1)..=Utc::now() + TimeDelta::days(1);
            let present = self.parts.warehouse.present(&everything, always).await.unwrap();
            places.extend(present.into_iter().map(|(offset, line)| (partition, offset, line)));
        }
        places
    }

    /// What a report says of the campaign's impressions, from the projection.
    pub(crate) async fn impressions(&self, tenant: &TenantContext) -> u64 {
        let (from, to) = (Utc::now() - TimeDelta::days(2), Utc::now() + TimeDelta::days(1));
        let campaign = "spring".parse().unwrap();
        let range = TimeRange::covering(from, to).unwrap();
        let reports = self.parts.warehouse.for_tenant(tenant);
        let series = reports.campaign_series(&campaign, range, Granularity::Day, chrono_tz::UTC);
        series.await.unwrap().values().map(|sums| sums.count(Counter::Impressions)).sum()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let (lifecycle, kafka) = (self.lifecycle.clone(), self.parts.kafka.clone());
        let made = std::mem::take(&mut self.made);
        lifecycle.token().cancel();
        thread::spawn(move || clear(&kafka, &made)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn clear(kafka: &KafkaSettings, made: &[(ClusterName, String)]) {
    delete_topics(kafka).await.unwrap();
    for (cluster, database) in made {
        let settings: ClusterSettings = testkit::cluster(cluster.as_str());
        Client::default()
            .with_url(&settings.url)
            .with_user(&settings.writer_user)
            .with_password(settings.writer_password.expose())
            .query(&format!("DROP DATABASE {database}"))
            .execute()
            .await
            .unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
pub(crate) fn admin(control_plane: &ControlPlane) -> PlatformControl {
    control_plane.for_platform(&TenantRouter::platform("test"))
}

fn cluster(name: &str) -> Cluster {
    let settings: ClusterSettings = testkit::cluster(name);
    Cluster {
        name: name.parse().unwrap(),
        url: settings.url,
        writer: Account { user: settings.writer_user, password: settings.writer_password },
        reader: Account { user: settings.reader_user, password: settings.reader_password },
    }
}

fn archived(entry: &Entry) -> ArchivedRecord {
    let record = entry.record().clone();
    let header = |(name, value): (&str, Option<&[u8]>)| Header {
        name: name.to_owned(),
        value: value.map(|value| value.to_vec().into()),
    };
    ArchivedRecord {
        offset: record.offset,
        log_time: record.log_time,
        key: record.key.clone(),
        headers: record.headers.iter().map(header).collect(),
        payload: record.payload.clone(),
    }
}

/// Impressions of the campaign `spring`, one row each.
pub(crate) fn impressions(count: usize) -> Vec<Event> {
    (0..count).map(|_| event(json!({"type": "ad_impression"}))).collect()
}

/// An event of the campaign `spring`.
pub(crate) fn event(mut fields: serde_json::Value) -> Event {
    let now = Utc::now();
    fields["event_id"] = json!(Uuid::now_v7());
    fields["campaign_id"] = json!("spring");
    fields["event_time"] = json!(now);
    fields["received_at"] = json!(now);
    serde_json::from_value(fields).unwrap()
}
