use std::{collections::HashMap, io::Write, net::SocketAddr, path::Path, sync::Arc};

use aggregates::{Aggregates, RedisSettings};
use auth::{
    ApiKey, ApiKeyId, CredentialStore, CredentialStoreError, KeyKind, SigningKey, StoredApiKey,
};
use bytes::Bytes;
use collector::{CollectorSettings, Dependencies};
use events::Event;
use lifecycle::Lifecycle;
use reqwest::{RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::Value;
use spool::{Spool, SpoolSettings};
use stream::{Entry, KafkaSettings, LogReader, Producer, delete_topics, ensure_topics};
use tempfile::TempDir;
use tenancy::{
    ClientId, DirectoryError, Limits, OverQuota, Quotas, TenantDirectory, TenantRecord,
    TenantRouter,
};
use testkit::{eventually, tenant_record};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use uuid::Uuid;
use web::{TokenSettings, WebState};

/// A running collector with its own topics and limits.
pub(crate) struct TestCollector {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    lifecycle: Lifecycle,
    kafka: KafkaSettings,
    redis: RedisSettings,
    known: Known,
    keys: HashMap<(&'static str, KeyKind), String>,
    options: Options,
    spool: TempDir,
}

/// The settings that a test may change.
pub(crate) struct Options {
    /// The brokers' address for the collector.
    pub(crate) brokers: Option<String>,
    pub(crate) events_topic: Option<&'static str>,
    pub(crate) rejects_topic: Option<&'static str>,
    pub(crate) spool_bytes: u64,
    pub(crate) collector: CollectorSettings,
}

impl Default for Options {
    fn default() -> Self {
        let collector = CollectorSettings {
            bind: "127.0.0.1:0".to_owned(),
            connections_per_address: 0,
            keep_alive_seconds: 75,
            max_body_bytes: 1 << 20,
            max_inflated_bytes: 1 << 20,
            max_events: 1_000,
            in_flight_bytes: 64 << 20,
            publish_timeout_ms: 10_000,
            tls: Default::default(),
        };
        collector.validate().unwrap();
        let events_topic = None;
        let rejects_topic = None;
        Self { brokers: None, events_topic, rejects_topic, spool_bytes: 1 << 30, collector }
    }
}

impl TestCollector {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let kafka: KafkaSettings = testkit::log(3);
        ensure_topics(&kafka).await.unwrap();
        let redis: RedisSettings = testkit::redis();
        let mut known = Known::default();
        let mut keys = HashMap::new();
        for client_id in ["acme", "globex", "slow", "small", "parking"] {
            for kind in KeyKind::ALL {
                let key = ApiKey::generate(kind).unwrap();
                keys.insert((client_id, kind), key.reveal());
                known.keys.insert(key.id().clone(), stored(&key, client_id));
            }
        }
        let spool = TempDir::new().unwrap();
        let (address, lifecycle) = start(&options, &kafka, &redis, &known, spool.path()).await;
        let client = reqwest::Client::new();
        Self { address, client, lifecycle, kafka, redis, known, keys, options, spool }
    }

    /// Stops the collector and starts another one with the same spool folder.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        (self.address, self.lifecycle) =
            start(&self.options, &self.kafka, &self.redis, &self.known, self.spool.path()).await;
    }

    /// Begins to send what the spool of this collector holds, after [`stop`](Self::stop).
    pub(crate) async fn drain(&self) -> Lifecycle {
        let lifecycle = Lifecycle::new();
        let producer = producer(&self.options, &self.kafka);
        let spool = open_spool(&self.options, self.spool.path()).await;
        collector::drain(producer, spool, &lifecycle);
        lifecycle
    }

    /// Puts a file into the spool as if a segment had been set aside.
    pub(crate) fn set_segment_aside(&self) {
        std::fs::write(self.spool.path().join("00000000000000000007.corrupt"), "").unwrap();
    }

    /// Returns whether the spool has no segment left.
    pub(crate) fn spool_is_empty(&self) -> bool {
        let mut files = std::fs::read_dir(self.spool.path()).unwrap();
        !files.any(|file| file.unwrap().path().extension().is_some())
    }

    pub(crate) fn key(&self, client_id: &'static str, kind: KeyKind) -> &str {
        &self.keys[&(client_id, kind)]
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Builds a JSON request of `acme`.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.post_as(self.key("acme", KeyKind::Collect), body)
    }

    pub(crate) fn post_as(&self, key: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(self.url("/v1/events"))
            .bearer_auth(key)
            .header("content-type", "application/json")
            .body(body)
    }

    /// Reads the events in the log, in no order.
    pub(crate) async fn logged(&self) -> Vec<Event> {
        let payloads = read(&self.kafka).await.into_iter();
        payloads.map(|payload| serde_json::from_slice(&payload).unwrap()).collect()
    }

    /// Reads the parked events, in no order.
    pub(crate) async fn parked(&self) -> Vec<Event> {
        let parked =
            KafkaSettings { events_topic: self.kafka.parked_topic.clone(), ..self.kafka.clone() };
        let payloads = read(&parked).await.into_iter();
        payloads.map(|payload| serde_json::from_slice(&payload).unwrap()).collect()
    }

    /// Reads the bytes of all rejects, in no order.
    pub(crate) async fn rejected(&self) -> Vec<Vec<u8>> {
        let rejects =
            KafkaSettings { events_topic: self.kafka.rejects_topic.clone(), ..self.kafka.clone() };
        read(&rejects).await
    }

    pub(crate) async fn stop(&self) {
        self.lifecycle.stop().await.unwrap();
    }
}

impl Drop for TestCollector {
    fn drop(&mut self) {
        self.lifecycle.token().cancel();
        let kafka = self.kafka.clone();
        std::thread::spawn(move || delete(&kafka)).join().unwrap();
    }
}

fn producer(options: &Options, kafka: &KafkaSettings) -> Producer {
    let mut produced = kafka.clone();
    if let Some(brokers) = &options.brokers {
        produced.brokers.clone_from(brokers);
    }
    if let Some(topic) = options.events_topic {
        topic.clone_into(&mut produced.events_topic);
    }
    if let Some(topic) = options.rejects_topic {
        topic.clone_into(&mut produced.rejects_topic);
    }
    Producer::new(&produced).unwrap()
}

/// Opens the spool; the previous collector unlocks the folder when its last connection has ended.
async fn open_spool(options: &Options, folder: &Path) -> Spool {
    let settings = SpoolSettings {
        folder: folder.to_owned(),
        max_bytes: options.spool_bytes,
        max_disk_percent: 100,
        segment_mib: 1,
        segment_seconds: 60,
    };
    eventually("the folder is unlocked", async || Spool::open(&settings).ok()).await
}

async fn start(
    options: &Options,
    kafka: &KafkaSettings,
    redis: &RedisSettings,
    known: &Known,
    folder: &Path,
) -> (SocketAddr, Lifecycle) {
    let tokens = TokenSettings {
        issuer: "https://footfall.test".to_owned(),
        audience: "footfall".to_owned(),
        access_seconds: 900,
        refresh_days: 30,
        session_days: 90,
    };
    let verifier = tokens.verifier(&[SigningKey::generate().unwrap()]).unwrap();
    let dependencies = Dependencies {
        web: WebState::new(Arc::new(Tenants), Arc::new(known.clone()), verifier),
        producer: producer(options, kafka),
        spool: open_spool(options, folder).await,
        aggregates: Aggregates::connect(redis).unwrap(),
    };
    let lifecycle = Lifecycle::new();
    let address = collector::run(&options.collector, dependencies, &lifecycle).unwrap();
    (address, lifecycle)
}

#[tokio::main(flavor = "current_thread")]
async fn delete(kafka: &KafkaSettings) {
    delete_topics(kafka).await.unwrap();
}

async fn read(kafka: &KafkaSettings) -> Vec<Vec<u8>> {
    let reader = LogReader::new(kafka, TenantRouter::new(Arc::new(Tenants))).unwrap();
    let mut payloads = Vec::new();
    for (partition, end) in reader.ends().await.unwrap() {
        let mut stream = reader.read_range(partition, Default::default()..end).unwrap();
        while let Some(batch) = stream.next(1_000).await.unwrap() {
            payloads.extend(batch.entries.iter().map(|entry| match entry {
                Entry::Record(record) => record.value().payload.as_deref().unwrap().to_vec(),
                Entry::Unresolved(unresolved) => panic!("{unresolved:?} should be a tenant's"),
            }));
        }
    }
    payloads
}

/// The status, headers and JSON body of a response.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the names of the outcomes.
    pub(crate) fn outcomes(&self) -> Vec<&str> {
        let outcomes = self.body["outcomes"].as_array().unwrap();
        outcomes.iter().map(|outcome| outcome["outcome"].as_str().unwrap()).collect()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    answer(request.send().await.unwrap()).await
}

pub(crate) async fn answer(response: Response) -> Answer {
    let status = response.status();
    let headers = response.headers().clone();
    let body = response.json().await.unwrap_or(Value::Null);
    Answer { status, headers, body }
}

pub(crate) fn page_view(id: Uuid) -> Value {
    serde_json::json!({"event_id": id, "type": "page_view", "visitor_id": "v1"})
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The control plane's tenants: all alike, except that `slow` may send one event per second, and `small`
/// little of everything else, and `parking` parks what is over its hour.
struct Tenants;

#[async_trait::async_trait]
impl TenantDirectory for Tenants {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let events_per_second = if client_id.as_str() == "slow" { 1 } else { 100_000 };
        let quotas = match client_id.as_str() {
            "small" => Quotas {
                bytes_per_day: Some(10_000),
                campaigns_per_day: 2,
                products_per_day: 3,
                rejects_per_day: 2,
                ..Quotas::default()
            },
            "parking" => Quotas {
                events_per_hour: Some(2),
                over_quota: OverQuota::Park,
                parked_events_per_day: 3,
                ..Quotas::default()
            },
            _ => Quotas::default(),
        };
        let limits = Limits { events_per_second, quotas, ..Limits::default() };
        Ok(Some(TenantRecord { limits, ..tenant_record(client_id) }))
    }
}

/// The control plane's keys.
#[derive(Clone, Default)]
struct Known {
    keys: HashMap<ApiKeyId, StoredApiKey>,
}

fn stored(key: &ApiKey, client_id: &str) -> StoredApiKey {
    StoredApiKey {
        id: key.id().clone(),
        client_id: client_id.parse().unwrap(),
        kind: key.kind(),
        secret_hash: key.secret_hash(),
        former_secret: None,
        campaigns: None,
        version: 1,
        expires_at: None,
    }
}

#[async_trait::async_trait]
impl CredentialStore for Known {
    async fn user_version(
        &self,
        _: Uuid,
        _: Option<&ClientId>,
    ) -> Result<Option<u32>, CredentialStoreError> {
        Ok(None)
    }

    async fn api_key(&self, id: &ApiKeyId) -> Result<Option<StoredApiKey>, CredentialStoreError> {
        Ok(self.keys.get(id).cloned())
    }
}

/// Creates a body of unknown length that sends the fed pieces, and ends when the feed is dropped.
pub(crate) fn slow_body() -> (UnboundedSender<Bytes>, reqwest::Body) {
    let (feed, pieces) = mpsc::unbounded_channel();
    let pieces = futures::stream::unfold(pieces, async |mut pieces| {
        let piece = UnboundedReceiver::<Bytes>::recv(&mut pieces).await?;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    });
    (feed, reqwest::Body::wrap_stream(pieces))
}
