use rdkafka::ClientConfig;
use serde::Deserialize;
use tls::TlsSettings;

use crate::{SaslSettings, SecurityProtocol, login::Login};

/// The largest record of each topic, in bytes: a rejected event may be as large as a request.
pub(crate) const MAX_RECORD_BYTES: usize = 2_097_152;

/// The address of Kafka and the topics of the log: section `kafka`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// The bootstrap brokers: `host:port`, separated by commas.
    pub brokers: String,
    /// The topic of accepted events.
    pub events_topic: String,
    /// The topic of rejected events.
    pub rejects_topic: String,
    /// The topic of parked events.
    pub parked_topic: String,
    /// The number of partitions of the topic of events. Fixed once the topic exists.
    pub partitions: u16,
    /// The number of replicas of each partition: 3 in production, 1 on a single broker.
    pub replication: u16,
    /// How clients speak with the brokers.
    #[serde(default)]
    pub security_protocol: SecurityProtocol,
    /// The login, for a protocol that has one.
    #[serde(default)]
    pub sasl: SaslSettings,
    /// Certificates, for a protocol with TLS.
    #[serde(default)]
    pub tls: TlsSettings,
}

impl KafkaSettings {
    /// Checks that the values are valid together.
    pub fn validate(&self) -> Result<(), settings::InvalidSetting> {
        let named = |key, text: &str| match text.trim().is_empty() {
            true => Err(settings::InvalidSetting::new(key, "must not be empty")),
            false => Ok(()),
        };
        named("kafka.brokers", &self.brokers)?;
        named("kafka.events_topic", &self.events_topic)?;
        named("kafka.rejects_topic", &self.rejects_topic)?;
        named("kafka.parked_topic", &self.parked_topic)?;
        if self.events_topic == self.rejects_topic {
            let reason = "must differ from kafka.events_topic";
            return Err(settings::InvalidSetting::new("kafka.rejects_topic", reason));
        }
        if [&self.events_topic, &self.rejects_topic].contains(&&self.parked_topic) {
            let reason = "must differ from kafka.events_topic and kafka.rejects_topic";
            return Err(settings::InvalidSetting::new("kafka.parked_topic", reason));
        }
        for (key, value) in
            [("kafka.partitions", self.partitions), ("kafka.replication", self.replication)]
        {
            if value == 0 {
                return Err(settings::InvalidSetting::new(key, "must be 1 or more"));
            }
        }
        self.sasl.validate(self.security_protocol)?;
        if !self.tls.is_empty() && !self.security_protocol.has_tls() {
            let reason = "must be ssl or sasl_ssl, since kafka.tls names certificates";
            return Err(settings::InvalidSetting::new("kafka.security_protocol", reason));
        }
        self.tls.validate_link("kafka.tls")
    }

    /// Returns the configuration of every client of the brokers.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "footfall")
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.max.ms", "2000")
            // After this time, a connection that is open on this side only is closed.
            .set("socket.timeout.ms", "10000")
            .set("socket.connection.setup.timeout.ms", "5000")
            .set("security.protocol", self.security_protocol.as_str());
        if self.security_protocol.has_sasl() {
            config.set("sasl.mechanisms", self.sasl.mechanism.as_str());
            if self.sasl.iam_region(self.security_protocol).is_none() {
                config
                    .set("sasl.username", &self.sasl.user)
                    .set("sasl.password", self.sasl.password.expose());
            }
        }
        let TlsSettings { ca_file, certificate_file, key_file } = &self.tls;
        for (key, file) in [
            ("ssl.ca.location", ca_file),
            ("ssl.certificate.location", certificate_file),
            ("ssl.key.location", key_file),
        ] {
            if !file.as_os_str().is_empty() {
                config.set(key, file.display().to_string());
            }
        }
        config
    }

    /// Returns how clients get their tokens, if they log in by IAM.
    pub(crate) fn login(&self) -> Login {
        let region = self.sasl.iam_region(self.security_protocol);
        region.map(Login::by_iam).unwrap_or_default()
    }

    /// Returns the configuration of every reader of the log: offsets never come from Kafka, and an
    /// offset that the log does not have is an error rather than a jump.
    pub(crate) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            .set("queued.max.messages.kbytes", "4096")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.queue.backoff.ms", "20");
        config
    }
}
