use serde::Deserialize;
use settings::InvalidSetting;

/// Where metrics are served: section `metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    /// The host:port that serves `/metrics` and nothing else; empty disables it.
    pub(crate) bind: String,
}

impl MetricsSettings {
    /// Checks the value.
    ///
    /// # Errors
    /// The value is not valid; the error says what it must be.
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        if self.bind.is_empty() || self.bind.contains(':') {
            return Ok(());
        }
        Err(InvalidSetting::new("metrics.bind", "must be address:port, or empty"))
    }
}
