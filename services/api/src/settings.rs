use std::time::Duration;

use serde::Deserialize;
use settings::InvalidSetting;
use tenancy::Origin;
use tls::TlsSettings;
use web::ConnectionLimits;

/// The section `[api]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSettings {
    /// Address and port to listen on.
    pub bind: String,
    /// Whether the last `X-Forwarded-For` address is the client's: true behind a load balancer that
    /// writes it, false when clients connect directly and could write any address.
    pub trust_forwarded_for: bool,
    /// How many connections one address may have open; 0: any number, as behind a load balancer.
    pub connections_per_address: usize,
    /// How long a connection may be open without a request, in seconds: longer than the load balancer
    /// keeps it.
    pub keep_alive_seconds: u64,
    /// The collector's address for browsers, `scheme://host[:port]`: `/docs` sends requests there.
    pub collector_url: String,
    /// How many answers are cached in memory.
    pub cached_answers: u64,
    /// The certificate to serve, and the certificates of clients; without one there is no TLS.
    #[serde(default)]
    pub tls: TlsSettings,
}

impl ApiSettings {
    /// Checks the values.
    ///
    /// # Errors
    /// Names the first setting that is not valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.bind.contains(':') {
            return Err(InvalidSetting::new("api.bind", "must be address:port"));
        }
        if !ConnectionLimits::KEEP_ALIVE_SECONDS.contains(&self.keep_alive_seconds) {
            let reason = "must be 1 to 86400 seconds";
            return Err(InvalidSetting::new("api.keep_alive_seconds", reason));
        }
        if let Err(error) = self.collector_url.parse::<Origin>() {
            return Err(InvalidSetting::new("api.collector_url", error.to_string()));
        }
        if self.cached_answers == 0 {
            return Err(InvalidSetting::new("api.cached_answers", "must be 1 or more"));
        }
        self.tls.validate_listener("api.tls")
    }

    pub(crate) const fn connection_limits(&self) -> ConnectionLimits {
        let keep_alive = Duration::from_secs(self.keep_alive_seconds);
        ConnectionLimits { per_address: self.connections_per_address, keep_alive }
    }
}
