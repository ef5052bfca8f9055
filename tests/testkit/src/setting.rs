use std::{env, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const ADVICE: &str = "run the tests through `make test`, or export `infra/local/stack.sh env`";

/// Returns the value of an environment variable of the stack.
pub fn setting(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: {ADVICE}"))
}

/// Returns the settings of a ClickHouse cluster of the stack, such as `shared`, in the warehouse's
/// type.
pub fn cluster<T: DeserializeOwned>(name: &str) -> T {
    let prefix = format!("FOOTFALL__CLUSTERS__{}__", name.to_uppercase());
    let fields: Map<_, _> = env::vars()
        .filter_map(|(variable, value)| {
            Some((variable.strip_prefix(&prefix)?.to_lowercase(), Value::String(value)))
        })
        .collect();
    serde_json::from_value(Value::Object(fields))
        .unwrap_or_else(|error| panic!("{prefix}…: {error}: {ADVICE}"))
}

/// Returns the settings that all ClickHouse clusters of the stack share, in the warehouse's type.
pub fn clickhouse<T: DeserializeOwned>() -> T {
    let settings = json!({ "tls": certificates(optional, "CLICKHOUSE") });
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("clickhouse: {error}"))
}

/// Returns the value of a setting that the stack has only with TLS, or nothing.
pub(crate) fn optional(variable: &str) -> String {
    env::var(variable).unwrap_or_default()
}

/// Whether the links of the stack have TLS, and so have the listeners of Footfall.
pub(crate) fn has_tls() -> bool {
    !optional("FOOTFALL__API__TLS__CERTIFICATE_FILE").is_empty()
}

/// Returns the files of certificates of a section, such as `REDIS`, as `read` knows them.
pub(crate) fn certificates(read: impl Fn(&str) -> String, section: &str) -> Value {
    let file = |name: &str| read(&format!("FOOTFALL__{section}__TLS__{name}"));
    json!({
        "ca_file": file("CA_FILE"),
        "certificate_file": file("CERTIFICATE_FILE"),
        "key_file": file("KEY_FILE"),
    })
}

/// Returns how the stack's brokers are spoken to, as fields of the settings of Kafka.
pub(crate) fn kafka_security() -> Map<String, Value> {
    let mut fields = Map::new();
    let protocol = optional("FOOTFALL__KAFKA__SECURITY_PROTOCOL");
    if !protocol.is_empty() {
        fields.insert("security_protocol".to_owned(), json!(protocol));
        fields.insert("tls".to_owned(), certificates(optional, "KAFKA"));
        let sasl = json!({
            "mechanism": optional("FOOTFALL__KAFKA__SASL__MECHANISM"),
            "user": optional("FOOTFALL__KAFKA__SASL__USER"),
            "password": optional("FOOTFALL__KAFKA__SASL__PASSWORD"),
        });
        fields.insert("sasl".to_owned(), sasl);
    }
    fields
}

/// Returns the properties with which a client of librdkafka speaks to the stack's brokers.
pub fn kafka_client() -> Vec<(String, String)> {
    let mut properties = vec![("bootstrap.servers", setting("FOOTFALL__KAFKA__BROKERS"))];
    if has_tls() {
        properties.extend([
            ("security.protocol", setting("FOOTFALL__KAFKA__SECURITY_PROTOCOL")),
            ("sasl.mechanisms", setting("FOOTFALL__KAFKA__SASL__MECHANISM")),
            ("sasl.username", setting("FOOTFALL__KAFKA__SASL__USER")),
            ("sasl.password", setting("FOOTFALL__KAFKA__SASL__PASSWORD")),
            ("ssl.ca.location", setting("FOOTFALL__KAFKA__TLS__CA_FILE")),
        ]);
    }
    properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the settings of a log that only this test uses, in the stream's type. Its topics do not
/// exist yet.
pub fn log<T: DeserializeOwned>(partitions: u16) -> T {
    let run = Uuid::now_v7();
    let mut settings = json!({
        "brokers": setting("FOOTFALL__KAFKA__BROKERS"),
        "events_topic": format!("test-events-{run}"),
        "rejects_topic": format!("test-rejects-{run}"),
        "parked_topic": format!("test-parked-{run}"),
        "partitions": partitions,
        "replication": 1,
    });
    settings.as_object_mut().expect("an object").extend(kafka_security());
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of Kafka: {error}"))
}

/// Returns the settings of the stack's Redis with a namespace that only this test uses, in the type of
/// the aggregates.
pub fn redis<T: DeserializeOwned>() -> T {
    redis_at(&setting("FOOTFALL__REDIS__URL"))
}

/// Returns the same for a Redis at another address.
pub fn redis_at<T: DeserializeOwned>(url: &str) -> T {
    let namespace = format!("test-{}", Uuid::now_v7().simple());
    let mut settings = json!({ "url": url, "slot_buckets": 1, "namespace": namespace });
    if url.starts_with("rediss://") {
        settings["tls"] = certificates(optional, "REDIS");
    }
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of Redis: {error}"))
}

/// Returns the control plane's settings for the database at `url`, in the control plane's type: without logins of
/// the services, so that one login does everything.
pub fn postgres_at<T: DeserializeOwned>(url: &str, max_connections: u32) -> T {
    let settings = json!({
        "url": url, "platform_url": "", "tenant_url": "", "ledger_url": "",
        "max_connections": max_connections, "tls": certificates(optional, "POSTGRES"),
    });
    serde_json::from_value(settings)
        .unwrap_or_else(|error| panic!("settings of PostgreSQL: {error}"))
}

/// Returns the settings of an archive in a folder, in the archive's type.
pub fn archive_in<T: DeserializeOwned>(folder: &Path) -> T {
    let settings = json!({
        "url": folder, "region": "", "endpoint": "", "access_key_id": "", "secret_access_key": "",
        "encrypt": true,
    });
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of archive: {error}"))
}
