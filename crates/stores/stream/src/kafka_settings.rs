use rdkafka::ClientConfig;
use serde::Deserialize;

use crate::Partition;

/// The largest record either topic takes, in bytes: a rejected event may fill a whole request.
pub(crate) const MAX_RECORD_BYTES: usize = 2_097_152;

/// Where Kafka is and what the log is called: section `kafka`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// Brokers to start from: `host:port`, separated by commas.
    pub brokers: String,
    /// The topic of accepted events.
    pub events_topic: String,
    /// The topic of rejected events.
    pub rejects_topic: String,
    /// Partitions of the topic of events. Fixed once the topic exists.
    pub partitions: Partition,
    /// Copies of each partition: 3 in production, 1 on one broker.
    pub replication: u16,
}

impl KafkaSettings {
    /// Whether the values make sense together.
    pub fn validate(&self) -> Result<(), settings::InvalidSetting> {
        let named = |key, text: &str| match text.trim().is_empty() {
            true => Err(settings::InvalidSetting::new(key, "must not be empty")),
            false => Ok(()),
        };
        named("kafka.brokers", &self.brokers)?;
        named("kafka.events_topic", &self.events_topic)?;
        named("kafka.rejects_topic", &self.rejects_topic)?;
        if self.events_topic == self.rejects_topic {
            let reason = "must differ from kafka.events_topic";
            return Err(settings::InvalidSetting::new("kafka.rejects_topic", reason));
        }
        for (key, value) in
            [("kafka.partitions", self.partitions), ("kafka.replication", self.replication)]
        {
            if value == 0 {
                return Err(settings::InvalidSetting::new(key, "must be 1 or more"));
            }
        }
        Ok(())
    }

    /// What every client of the brokers needs.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "footfall")
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.max.ms", "2000")
            // A connection that is open on our side only is given up after this.
            .set("socket.timeout.ms", "10000")
            .set("socket.connection.setup.timeout.ms", "5000");
        config
    }

    /// What every reader of the log needs: no offset is ever taken from Kafka, and a hole in the
    /// log is an error rather than a jump.
    pub(crate) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.queue.backoff.ms", "20");
        config
    }
}
