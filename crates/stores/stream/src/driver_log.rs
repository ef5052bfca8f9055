use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
};
use telemetry::Counter;

/// Sends librdkafka's messages to Footfall's log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriverLog;

impl ConsumerContext for DriverLog {}

impl ClientContext for DriverLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::error!(facility, message, "kafka client"),
            RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "kafka client"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(facility, message, "kafka client");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(facility, message, "kafka client"),
        }
    }

    /// Logs at debug level: the driver repeats this many times a second while brokers are
    /// unreachable, and the code that waits for them logs it once.
    fn error(&self, error: KafkaError, reason: &str) {
        Counter::KafkaClientErrors.inc(&[]);
        tracing::debug!(%error, reason, "kafka client");
    }
}
