//! Reads topic ids by calling librdkafka directly: the Rust binding does not offer them yet.
#![expect(unsafe_code, reason = "rdkafka has no safe call that returns a topic's id")]

use std::{ffi::CString, fmt, ptr, time::Duration};

use rdkafka::{
    bindings::*,
    client::{Client, ClientContext},
    error::{KafkaError, RDKafkaErrorCode},
};
use uuid::Uuid;

/// The id that Kafka gave a topic when it was created. A topic recreated under the same name has
/// another id, and its offsets start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicId(Uuid);

impl fmt::Display for TopicId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A topic, as the brokers describe it.
pub(crate) struct TopicDescription {
    pub(crate) id: TopicId,
    pub(crate) partitions: usize,
}

/// Asks the brokers for `topic`'s id and number of partitions. Blocks up to `timeout`.
pub(crate) fn describe<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    timeout: Duration,
) -> Result<TopicDescription, KafkaError> {
    let name = CString::new(topic)?;
    let wait = timeout.as_millis().try_into().unwrap_or(i32::MAX);
    let mut names = [name.as_ptr()];
    // SAFETY: `names` and `client` outlive the calls; the collection is copied by the request and
    // freed once; default options are asked for by a null pointer.
    let queue = unsafe {
        let queue = Queue(rd_kafka_queue_new(client.native_ptr()));
        let topics = rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
        rd_kafka_DescribeTopics(client.native_ptr(), topics, ptr::null(), queue.0);
        rd_kafka_TopicCollection_destroy(topics);
        queue
    };
    // SAFETY: the queue is alive, and a null answer (a timeout) is handled.
    let event = Event(unsafe { rd_kafka_queue_poll(queue.0, wait) });
    if event.0.is_null() {
        return Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut));
    }
    read(&event)
}

fn read(event: &Event) -> Result<TopicDescription, KafkaError> {
    // SAFETY: the event is alive and not null; every pointer below belongs to it and is checked
    // before it is read; the result does not borrow from it.
    unsafe {
        let failure = rd_kafka_event_error(event.0);
        if failure != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(KafkaError::AdminOp(failure.into()));
        }
        let unknown = || KafkaError::AdminOp(RDKafkaErrorCode::UnknownTopicOrPartition);
        let result = rd_kafka_event_DescribeTopics_result(event.0);
        if result.is_null() {
            return Err(unknown());
        }
        let mut count = 0;
        let descriptions = rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if descriptions.is_null() || count == 0 {
            return Err(unknown());
        }
        let description = *descriptions;
        let failure = rd_kafka_TopicDescription_error(description);
        if !failure.is_null()
            && rd_kafka_error_code(failure) != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            return Err(KafkaError::AdminOp(rd_kafka_error_code(failure).into()));
        }
        let id = rd_kafka_TopicDescription_topic_id(description);
        if id.is_null() {
            return Err(unknown());
        }
        let high = rd_kafka_Uuid_most_significant_bits(id).cast_unsigned();
        let low = rd_kafka_Uuid_least_significant_bits(id).cast_unsigned();
        let mut partitions = 0;
        rd_kafka_TopicDescription_partitions(description, &mut partitions);
        Ok(TopicDescription { id: TopicId(Uuid::from_u64_pair(high, low)), partitions })
    }
}

struct Queue(*mut rd_kafka_queue_t);

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_queue_new`, destroyed here only.
        unsafe { rd_kafka_queue_destroy(self.0) }
    }
}

struct Event(*mut rd_kafka_event_t);

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_queue_poll`, destroyed here only; null is allowed.
        unsafe { rd_kafka_event_destroy(self.0) }
    }
}
