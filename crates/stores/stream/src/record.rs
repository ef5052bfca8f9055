use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use log::{Offset, Partition};
use rdkafka::message::{BorrowedMessage, Message};
use tenancy::Scoped;

use crate::{Headers, coordinates, message_headers};

/// The version of the record's format, in the header [`SCHEMA`].
pub(crate) const SCHEMA_VERSION: &str = "1";

/// Header: the version of the record's format.
pub(crate) const SCHEMA: &str = "schema";
/// Header: when the collector received the event, RFC 3339.
pub(crate) const RECEIVED_AT: &str = "received_at";
/// Header: the W3C trace context of the request, if a span of it is recorded.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The usual size of a record's headers, in bytes: an estimate that avoids a second allocation.
const USUAL_HEADERS: usize = 160;

/// How much memory is allocated at once for the parts of many records, in bytes. It is released
/// with the last of them.
const CHUNK: usize = 64 << 10;

/// A record of the log, as Kafka delivered it. [`resolve`] finds its tenant by its key.
///
/// [`resolve`]: crate::resolve
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its partition.
    pub partition: Partition,
    /// Its offset.
    pub offset: Offset,
    /// When the broker appended it, to the millisecond.
    pub log_time: DateTime<Utc>,
    /// The id of its tenant, if the record is valid.
    pub key: Option<Bytes>,
    /// Its headers; none if they are not read.
    pub headers: Headers,
    /// The canonical event as JSON, if the record is valid.
    pub payload: Option<Bytes>,
}

/// A record without a known tenant, now or later. It keeps its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The record.
    pub record: LogRecord,
    /// Why.
    pub reason: UnresolvedReason,
}

/// Why a record has no tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnresolvedReason {
    /// The record has no key, or its key is not a tenant's id.
    Key,
    /// No tenant has this id.
    UnknownTenant,
}

impl UnresolvedReason {
    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key_not_a_tenant_id",
            Self::UnknownTenant => "unknown_tenant",
        }
    }
}

/// A record of the log, with its tenant if it has one.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A tenant's record.
    Record(Scoped<LogRecord>),
    /// A record without a known tenant.
    Unresolved(Unresolved),
}

impl Entry {
    /// Returns the record, with or without a tenant.
    pub fn record(&self) -> &LogRecord {
        match self {
            Self::Record(record) => record.value(),
            Self::Unresolved(unresolved) => &unresolved.record,
        }
    }

    /// Returns its offset.
    pub fn offset(&self) -> Offset {
        self.record().offset
    }

    /// Returns when the broker appended it.
    pub fn log_time(&self) -> DateTime<Utc> {
        self.record().log_time
    }
}

/// What is read of each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordParts {
    /// All of it.
    All,
    /// All but the headers, which cost as much as the rest and tell nothing about an event. While this process
    /// records spans, `traceparent` is read.
    WithoutHeaders,
}

/// Copies messages of Kafka.
pub(crate) struct RecordCopier {
    parts: RecordParts,
    /// Room for the parts of the next records.
    room: BytesMut,
}

impl RecordCopier {
    pub(crate) fn new(parts: RecordParts) -> Self {
        Self { parts, room: BytesMut::new() }
    }

    /// Copies `message`; returns nothing when its coordinates are invalid.
    pub(crate) fn copy(&mut self, message: &BorrowedMessage<'_>) -> Option<LogRecord> {
        let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
        let needed = length(message.key()) + length(message.payload()) + USUAL_HEADERS;
        let room = &mut self.room;
        if room.capacity() < needed {
            *room = BytesMut::with_capacity(needed.max(CHUNK));
        }
        let mut part = |part: Option<&[u8]>| {
            room.extend_from_slice(part?);
            Some(room.split().freeze())
        };
        let key = part(message.key());
        let payload = part(message.payload());
        let headers = match self.parts {
            RecordParts::All => {
                message_headers::copy(message, room);
                Headers::encoded(room.split().freeze())
            }
            RecordParts::WithoutHeaders if telemetry::traces_are_on() => {
                message_headers::copy_traceparent(message, room);
                Headers::encoded(room.split().freeze())
            }
            RecordParts::WithoutHeaders => Headers::default(),
        };
        Some(LogRecord {
            partition: coordinates::partition(message.partition())?,
            offset: coordinates::offset(message.offset())?,
            log_time: message
                .timestamp()
                .to_millis()
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or_default(),
            key,
            headers,
            payload,
        })
    }
}

impl LogRecord {
    /// Returns the trace context of the request that it comes from, if a span of that is recorded and the
    /// header was read.
    pub fn traceparent(&self) -> Option<&[u8]> {
        self.headers.get(TRACEPARENT)
    }

    /// Returns its approximate size in memory, in bytes.
    pub fn weight(&self) -> usize {
        let length = |part: &Option<Bytes>| part.as_ref().map_or(0, Bytes::len);
        size_of::<Self>() + length(&self.key) + length(&self.payload) + self.headers.len()
    }
}
