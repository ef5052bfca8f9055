use std::error::Error;

use rdkafka::{
    ClientContext, client::OAuthToken, config::RDKafkaLogLevel, consumer::ConsumerContext,
    error::KafkaError,
};
use telemetry::Counter;

use crate::login::Login;

/// Sends librdkafka's messages to Footfall's log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriverLog;

/// The context of clients that need nothing but the log and the login.
#[derive(Clone, Debug)]
pub(crate) struct DriverContext {
    pub(crate) login: Login,
}

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

impl ConsumerContext for DriverContext {}

impl ClientContext for DriverContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        DriverLog.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        DriverLog.error(error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.login.token().map_err(|error| -> Box<dyn Error> { error })
    }
}
