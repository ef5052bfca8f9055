use serde::Deserialize;
use settings::InvalidSetting;
use tls::TlsSettings;

/// Where metrics are served: section `metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    /// The host:port that serves `/metrics` and nothing else; empty disables it.
    pub(crate) bind: String,
    /// The certificate to serve, and the certificates of clients; without one there is no TLS.
    pub(crate) tls: TlsSettings,
}

impl MetricsSettings {
    /// Checks the value.
    ///
    /// # Errors
    /// The value is not valid; the error says what it must be.
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.bind.is_empty() && !self.bind.contains(':') {
            return Err(InvalidSetting::new("metrics.bind", "must be address:port, or empty"));
        }
        self.tls.validate_listener("metrics.tls")
    }
}
