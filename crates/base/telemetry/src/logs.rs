use std::{io::IsTerminal, path::PathBuf};

use serde::Deserialize;
use settings::InvalidSetting;
use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter,
    fmt::{self, MakeWriter},
    prelude::*,
    registry, reload,
};

use crate::{LazySpan, LogFilter, TraceSettings, json_lines::WithTrace, log_filter::parse, traces};

/// The settings of logs and traces: section `telemetry`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// The filter: a level, or levels by module, such as `info,rdkafka=warn`.
    pub log: String,
    /// Text or JSON lines.
    pub format: LogFormat,
    /// A file whose content replaces the filter while the process runs; empty is none.
    pub log_filter_file: PathBuf,
    /// The traces.
    pub traces: TraceSettings,
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

/// Why logs or traces cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A setting is not valid.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A subscriber is already installed.
    #[error("logging was started twice")]
    StartedTwice(#[source] tracing_subscriber::util::TryInitError),
    /// Spans cannot be exported with these settings.
    #[error("traces cannot be exported")]
    Traces(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl TelemetrySettings {
    /// Checks that the values are valid.
    ///
    /// # Errors
    /// Names the setting that is not valid.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.filter()?;
        self.traces.validate()
    }

    /// Returns whether a file may replace the filter.
    pub fn has_filter_file(&self) -> bool {
        !self.log_filter_file.as_os_str().is_empty()
    }

    fn filter(&self) -> Result<EnvFilter, InvalidSetting> {
        parse(&self.log).map_err(|error| {
            let reason = format!("must be a level such as info, or info,rdkafka=warn: {error}");
            InvalidSetting::new("telemetry.log", reason)
        })
    }
}

/// Installs the log subscriber of this process and starts its traces, as those of `service`; call it once.
/// Returns the filter of the logs.
///
/// # Errors
/// A setting is not valid, or a subscriber is already installed.
pub fn init(settings: &TelemetrySettings, service: &str) -> Result<LogFilter, TelemetryError> {
    let colours = std::io::stderr().is_terminal();
    let (dispatch, filter) = dispatch(settings, std::io::stderr, colours)?;
    dispatch.try_init().map_err(TelemetryError::StartedTwice)?;
    traces::start(&settings.traces, service)?;
    Ok(filter)
}

/// Makes what writes log lines to `writer`, and its filter.
fn dispatch<W>(
    settings: &TelemetrySettings,
    writer: W,
    colours: bool,
) -> Result<(Dispatch, LogFilter), InvalidSetting>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(settings.filter()?);
    let filtered = registry().with(filter);
    let lines = fmt::layer().with_ansi(colours).with_writer(writer);
    let dispatch = match settings.format {
        LogFormat::Text => Dispatch::new(filtered.with(LazySpan(lines))),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).map_event_format(WithTrace);
            Dispatch::new(filtered.with(LazySpan(lines)))
        }
    };
    Ok((dispatch, LogFilter::new(handle, settings.log.clone())))
}

#[cfg(test)]
mod tests {
    use testkit::LogLines;
    use tracing::dispatcher::with_default;

    use super::*;
    use crate::TraceSpan;

    fn settings(log: &str, format: LogFormat) -> TelemetrySettings {
        let traces = TraceSettings::default();
        TelemetrySettings { log: log.into(), format, log_filter_file: PathBuf::new(), traces }
    }

    fn logs(log: &str, format: LogFormat) -> (Dispatch, LogFilter, LogLines) {
        let lines = LogLines::default();
        let writer = lines.clone();
        let made = dispatch(&settings(log, format), move || writer.clone(), false);
        let (dispatch, filter) = made.unwrap();
        (dispatch, filter, lines)
    }

    #[test]
    fn a_filter_that_cannot_be_parsed_is_refused_by_name() {
        settings("info,rdkafka=warn", LogFormat::Text).validate().unwrap();
        let error = settings("info,stream=loud", LogFormat::Text).validate().unwrap_err();
        assert!(error.to_string().starts_with("telemetry.log must be a level"), "{error}");
    }

    #[test]
    fn a_line_outside_of_traces_is_one_json_object_without_a_trace_id() {
        let (dispatch, _filter, lines) = logs("info", LogFormat::Json);
        with_default(&dispatch, || tracing::info!(answer = 42, "first\nsecond"));
        let text = lines.take();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&line["message"], &line["answer"]), (&"first\nsecond".into(), &42.into()));
        assert!(line.get("trace_id").is_none(), "{text}");
    }

    #[test]
    fn a_json_line_within_a_recorded_span_begins_with_its_trace_id() {
        // Nobody listens there.
        let endpoint = "http://127.0.0.1:1".to_owned();
        let settings = TraceSettings { endpoint, ratio: 1.0, trust_parent: false };
        traces::start(&settings, "test").unwrap();
        let span = TraceSpan::of_request("test", "GET", None).unwrap();
        let (dispatch, _filter, lines) = logs("info", LogFormat::Json);
        let _entered = span.enter();
        with_default(&dispatch, || tracing::info!("within"));
        let text = lines.take();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "within");
        assert_eq!(line["trace_id"], traces::trace_id().unwrap());
        assert!(text.starts_with(r#"{"trace_id":""#), "{text}");
    }

    #[test]
    fn another_filter_applies_to_the_next_line_and_a_blank_one_is_that_of_the_settings() {
        let (dispatch, mut filter, lines) = logs("info", LogFormat::Text);
        with_default(&dispatch, || {
            let mut shown = |text: &str| {
                filter.replace(text).unwrap();
                lines.take();
                tracing::debug!("detail");
                lines.take().contains("detail")
            };
            assert!(!shown("info"));
            assert!(shown("info,telemetry=debug\n"));
            assert!(!shown("info,stream=debug"));
            assert!(shown("debug"));
            assert!(!shown("\n"));
        });
    }

    #[test]
    fn the_former_filter_stays_when_another_one_cannot_be_parsed() {
        let (dispatch, mut filter, lines) = logs("info", LogFormat::Text);
        with_default(&dispatch, || {
            filter.replace("debug").unwrap();
            let error = filter.replace("info,stream=loud").unwrap_err();
            assert!(error.to_string().starts_with("a filter is a level such as info"), "{error}");
            lines.take();
            tracing::debug!("detail");
            assert!(lines.take().contains("detail"));
        });
    }
}
