use std::io::IsTerminal;

use serde::Deserialize;
use settings::InvalidSetting;
use tracing_subscriber::{EnvFilter, fmt, prelude::*, registry};

use crate::LazySpan;

/// The settings of the logs: section `telemetry`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// The filter: a level, or levels by module, such as `info,rdkafka=warn`.
    pub log: String,
    /// Text or JSON lines.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A setting is not valid.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A subscriber is already installed.
    #[error("logging was started twice")]
    StartedTwice(#[source] tracing_subscriber::util::TryInitError),
}

impl TelemetrySettings {
    /// Checks that the values are valid.
    ///
    /// # Errors
    /// Names the setting that is not valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.filter().map(drop)
    }

    fn filter(&self) -> Result<EnvFilter, InvalidSetting> {
        EnvFilter::builder().parse(&self.log).map_err(|error| {
            let reason = format!("must be a level such as info, or info,rdkafka=warn: {error}");
            InvalidSetting::new("telemetry.log", reason)
        })
    }
}

/// Installs the log subscriber of this process; call it once.
///
/// # Errors
/// The filter cannot be parsed, or a subscriber is already installed.
pub fn init(settings: &TelemetrySettings) -> Result<(), TelemetryError> {
    let filter = settings.filter()?;
    let lines =
        fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => registry().with(LazySpan(lines)).with(filter).try_init(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            registry().with(LazySpan(lines)).with(filter).try_init()
        }
    }
    .map_err(TelemetryError::StartedTwice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_parsed_is_refused_by_name() {
        let settings = |log: &str| TelemetrySettings { log: log.into(), format: LogFormat::Text };
        settings("info,rdkafka=warn").validate().unwrap();
        let error = settings("info,stream=loud").validate().unwrap_err();
        assert!(error.to_string().starts_with("telemetry.log must be a level"), "{error}");
    }
}
