#![doc = include_str!("../README.md")]

mod consumer;
mod coordinates;
mod driver_log;
mod error;
mod headers;
mod iam;
mod kafka_settings;
mod log_reader;
mod login;
mod message_headers;
mod partitioning;
mod producer;
mod record;
mod rejects;
mod resolve;
mod security;
mod topic_id;
mod topics;

pub use consumer::{Consumer, Ownership, PartitionBatch, PartitionStream};
pub use error::StreamError;
pub use headers::Headers;
pub use kafka_settings::KafkaSettings;
pub use log_reader::LogReader;
pub use partitioning::partition_of;
pub use producer::{Delivery, EventRecord, Prepared, Producer, PublishOutcome};
pub use record::{Entry, LogRecord, RecordParts, Unresolved, UnresolvedReason};
pub use rejects::RejectedRecord;
pub use resolve::resolve;
pub use security::{SaslMechanism, SaslSettings, SecurityProtocol};
pub use topic_id::TopicId;
pub use topics::{Topics, delete_topics, ensure_topics};
