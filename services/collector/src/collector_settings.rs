use std::time::Duration;

use serde::Deserialize;
use settings::InvalidSetting;
use stream::Producer;
use tls::TlsSettings;
use web::ConnectionLimits;

use crate::ingest::{Encoding, InFlight};

/// The address and limits of the collector: section `collector`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorSettings {
    /// The listen address, `address:port`.
    pub bind: String,
    /// How many connections one address may have open; 0: any number, as behind a load balancer.
    pub connections_per_address: usize,
    /// How long a connection may be open without a request, in seconds: longer than the load balancer
    /// keeps it.
    pub keep_alive_seconds: u64,
    /// The limit of a body as sent, in bytes.
    pub max_body_bytes: usize,
    /// The limit of a body once inflated, in bytes.
    pub max_inflated_bytes: usize,
    /// The limit of events in one request.
    pub max_events: usize,
    /// The memory limit of all requests in flight together, in bytes. One credential gets a third of
    /// it at most, and one tenant half.
    pub in_flight_bytes: usize,
    /// How long a request waits for Kafka before its events go to the spool, in milliseconds.
    pub publish_timeout_ms: u64,
    /// The certificate to serve, and the certificates of clients; without one there is no TLS.
    #[serde(default)]
    pub tls: TlsSettings,
}

impl CollectorSettings {
    /// Validates the values.
    ///
    /// # Errors
    /// The first invalid setting, and what is valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let positive = [
            ("collector.max_body_bytes", self.max_body_bytes),
            ("collector.max_inflated_bytes", self.max_inflated_bytes),
            ("collector.max_events", self.max_events),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(InvalidSetting::new(key, "must be 1 or more"));
            }
        }
        if !ConnectionLimits::KEEP_ALIVE_SECONDS.contains(&self.keep_alive_seconds) {
            let reason = "must be 1 to 86400 seconds";
            return Err(InvalidSetting::new("collector.keep_alive_seconds", reason));
        }
        let one = self.largest_request();
        let least = one.saturating_mul(InFlight::PART_OF_A_CREDENTIAL);
        if !(least..=u32::MAX as usize).contains(&self.in_flight_bytes) {
            let reason = format!("must be {least} (a third of it for one request) to 4294967295");
            return Err(InvalidSetting::new("collector.in_flight_bytes", reason));
        }
        // The producer gives up after this time, so waiting longer is useless.
        let longest = Producer::DELIVERY_TIMEOUT;
        if !(Duration::from_millis(100)..=longest).contains(&self.publish_timeout()) {
            let reason = format!("must be 100 to {}", longest.as_millis());
            return Err(InvalidSetting::new("collector.publish_timeout_ms", reason));
        }
        self.tls.validate_listener("collector.tls")
    }

    /// Returns the most memory of the body of one request.
    fn largest_request(&self) -> usize {
        let working = Encoding::Zstd.working_bytes();
        // Of an uncompressed body, a chunk and the chunks joined before.
        self.max_inflated_bytes.saturating_mul(2).saturating_add(working)
    }

    pub(crate) const fn connection_limits(&self) -> ConnectionLimits {
        let keep_alive = Duration::from_secs(self.keep_alive_seconds);
        ConnectionLimits { per_address: self.connections_per_address, keep_alive }
    }

    pub(crate) fn publish_timeout(&self) -> Duration {
        Duration::from_millis(self.publish_timeout_ms)
    }
}
