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

/// Returns the settings of a log that only this test uses, in the stream's type. Its topics do not
/// exist yet.
pub fn log<T: DeserializeOwned>(partitions: u16) -> T {
    let run = Uuid::now_v7();
    let settings = json!({
        "brokers": setting("FOOTFALL__KAFKA__BROKERS"),
        "events_topic": format!("test-events-{run}"),
        "rejects_topic": format!("test-rejects-{run}"),
        "parked_topic": format!("test-parked-{run}"),
        "partitions": partitions,
        "replication": 1,
    });
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
    let settings = json!({ "url": url, "slot_buckets": 1, "namespace": namespace });
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of Redis: {error}"))
}

/// Returns the settings of an archive in a folder, in the archive's type.
pub fn archive_in<T: DeserializeOwned>(folder: &Path) -> T {
    let settings = json!({
        "url": folder, "region": "", "endpoint": "", "access_key_id": "", "secret_access_key": "",
    });
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of archive: {error}"))
}
