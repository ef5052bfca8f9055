use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};

use super::membership::Membership;
use crate::{RecordParts, record::RecordCopier};

/// How long one poll waits for a record. Bounds the delay until the thread ends.
const POLL: Duration = Duration::from_millis(200);

/// The same while a partition is paused. Bounds the delay until it resumes.
const POLL_WHILE_PAUSED: Duration = Duration::from_millis(20);

/// The most records that are passed on at a time.
const MOST: usize = 500;

/// Polls until `stop` is set. Runs on a dedicated thread.
pub(super) fn run(client: &BaseConsumer<Membership>, parts: RecordParts, stop: &AtomicBool) {
    let membership = client.context();
    let mut copier = RecordCopier::new(parts);
    let mut records = Vec::with_capacity(MOST);
    let mut is_paused = false;
    while !stop.load(Ordering::Acquire) {
        let rebalances = membership.rebalances();
        let mut wait = if is_paused { POLL_WHILE_PAUSED } else { POLL };
        while records.len() < MOST
            && let Some(polled) = client.poll(wait)
        {
            // What has arrived meanwhile is passed on together.
            wait = Duration::ZERO;
            match polled {
                Ok(message) => records.extend(copier.copy(&message)),
                Err(error) if is_final(&error) => membership.fail(error),
                // librdkafka recovers by itself from all other errors.
                Err(error) => tracing::debug!(%error, "a temporary error while reading the log"),
            }
        }
        membership.deliver(client, rebalances, records.drain(..));
        is_paused = membership.resume(client);
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
