use serde::Deserialize;
use settings::InvalidSetting;

/// Where the metrics are: section `metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    /// Where `/metrics` is served, and nothing else: host:port; empty: nowhere.
    pub(crate) bind: String,
}

impl MetricsSettings {
    /// Whether the value makes sense.
    ///
    /// # Errors
    /// Says what it must be.
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        if self.bind.is_empty() || self.bind.contains(':') {
            return Ok(());
        }
        Err(InvalidSetting::new("metrics.bind", "must be address:port, or empty"))
    }
}
