//! Direct access to the stores of a platform. Each method returns settings in the type of the crate
//! that connects with them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    Platform, RedisServer, archive_in, postgres_at, setting,
    setting::{certificates, kafka_security, optional},
};

impl Platform {
    /// Returns how to connect to its PostgreSQL, without a detour.
    pub fn postgres<T: DeserializeOwned>(&self) -> T {
        postgres_at(self.database_url(), 3)
    }

    /// Returns how to connect to its Redis, without a detour.
    pub fn redis<T: DeserializeOwned>(&self) -> T {
        let slot_groups = self.settings().get("FOOTFALL__REDIS__SLOT_BUCKETS");
        read(json!({
            "url": self.direct("FOOTFALL__REDIS__URL"),
            "slot_buckets": slot_groups.map_or(1, |count| number(count)),
            "namespace": self.direct("FOOTFALL__REDIS__NAMESPACE"),
            "tls": certificates(|variable| self.own_or_optional(variable), "REDIS"),
        }))
    }

    /// Makes processes that are started from now on use this Redis, which has no TLS.
    pub fn use_redis(&mut self, redis: &RedisServer) {
        self.set("FOOTFALL__REDIS__URL", &redis.url());
        for file in ["CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"] {
            self.set(&format!("FOOTFALL__REDIS__TLS__{file}"), "");
        }
    }

    /// Returns how to connect to its log.
    pub fn log<T: DeserializeOwned>(&self) -> T {
        let mut settings = json!({
            "brokers": self.direct("FOOTFALL__KAFKA__BROKERS"),
            "events_topic": self.direct("FOOTFALL__KAFKA__EVENTS_TOPIC"),
            "rejects_topic": self.direct("FOOTFALL__KAFKA__REJECTS_TOPIC"),
            "parked_topic": self.direct("FOOTFALL__KAFKA__PARKED_TOPIC"),
            "partitions": number(&self.direct("FOOTFALL__KAFKA__PARTITIONS")),
            "replication": 1,
        });
        settings.as_object_mut().expect("an object").extend(kafka_security());
        read(settings)
    }

    /// Returns how to open its archive.
    pub fn archive<T: DeserializeOwned>(&self) -> T {
        archive_in(&self.folder().join("archive"))
    }

    fn own_or_optional(&self, variable: &str) -> String {
        self.settings().get(variable).cloned().unwrap_or_else(|| optional(variable))
    }

    /// Returns a setting of its processes without detours, or else that of the stack.
    fn direct(&self, variable: &str) -> String {
        let Some(value) = self.settings().get(variable) else { return setting(variable) };
        let undo =
            |value: String, (address, detour): &(String, String)| value.replace(detour, address);
        self.detours().iter().fold(value.clone(), undo)
    }
}

fn number(text: &str) -> u16 {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn read<T: DeserializeOwned>(settings: Value) -> T {
    serde_json::from_value(settings).unwrap_or_else(|error| panic!("settings of a store: {error}"))
}
