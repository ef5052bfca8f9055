use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};

use super::membership::Membership;
use crate::LogRecord;

/// How long one poll waits for a record. Bounds the delay until a paused partition resumes.
const POLL: Duration = Duration::from_millis(20);

/// Polls until `stop` is set. Runs on a dedicated thread.
pub(super) fn run(client: &BaseConsumer<Membership>, stop: &AtomicBool) {
    let membership = client.context();
    while !stop.load(Ordering::Acquire) {
        match client.poll(POLL) {
            Some(Ok(message)) => {
                if let Some(record) = LogRecord::copy(&message) {
                    membership.deliver(client, record);
                }
            }
            Some(Err(error)) if is_final(&error) => membership.fail(error),
            // librdkafka recovers by itself from all other errors.
            Some(Err(error)) => tracing::debug!(%error, "a temporary error while reading the log"),
            None => {}
        }
        membership.resume(client);
    }
    membership.leave(client);
}

/// Returns whether reading cannot continue without intervention.
pub(crate) fn is_final(error: &KafkaError) -> bool {
    match error {
        KafkaError::MessageConsumptionFatal(_) => true,
        KafkaError::MessageConsumption(code) => matches!(
            code,
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
        ),
        _ => false,
    }
}
