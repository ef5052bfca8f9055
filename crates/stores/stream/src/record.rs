use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use rdkafka::message::{BorrowedMessage, Message};
use tenancy::Scoped;

use crate::{Headers, message_headers};

/// A partition of the log.
pub type Partition = u16;

/// A place within a partition.
pub type Offset = u64;

/// The version of the record's form, in the header [`SCHEMA`].
pub(crate) const SCHEMA_VERSION: &str = "1";

/// Header: the version of the record's form.
pub(crate) const SCHEMA: &str = "schema";
/// Header: when the collector took the event in, RFC 3339.
pub(crate) const RECEIVED_AT: &str = "received_at";
/// Header: the W3C trace context of the request.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// What the headers of a record usually take, in bytes: a guess that saves a second piece of memory.
const USUAL_HEADERS: usize = 160;

/// A record of the log, as it came off the wire. Whose it is, its key says: [`resolve`].
///
/// [`resolve`]: crate::resolve
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its partition.
    pub partition: Partition,
    /// Its place within the partition.
    pub offset: Offset,
    /// When the broker appended it, to the millisecond.
    pub log_time: DateTime<Utc>,
    /// The id of its tenant, if it is as it should be.
    pub key: Option<Bytes>,
    /// What came with it.
    pub headers: Headers,
    /// The canonical event as JSON, if it is as it should be.
    pub payload: Option<Bytes>,
}

/// A record whose tenant cannot be told, now or ever. It keeps its place in the log.
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
    /// The record has no key, or the key is no tenant's id.
    Key,
    /// No such tenant exists.
    UnknownTenant,
}

impl UnresolvedReason {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key_not_a_tenant_id",
            Self::UnknownTenant => "unknown_tenant",
        }
    }
}

/// One place of the log.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A tenant's record.
    Record(Scoped<LogRecord>),
    /// Nobody's.
    Unresolved(Unresolved),
}

impl Entry {
    /// The record itself, whosever it is.
    pub fn record(&self) -> &LogRecord {
        match self {
            Self::Record(record) => record.value(),
            Self::Unresolved(unresolved) => &unresolved.record,
        }
    }

    /// Its place within the partition.
    pub fn offset(&self) -> Offset {
        self.record().offset
    }

    /// When the broker appended it.
    pub fn log_time(&self) -> DateTime<Utc> {
        self.record().log_time
    }
}

impl LogRecord {
    /// A copy of `message`, or nothing when its coordinates make no sense.
    pub(crate) fn copy(message: &BorrowedMessage<'_>) -> Option<Self> {
        // One piece of memory for all parts.
        let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
        let mut bytes = BytesMut::with_capacity(
            length(message.key()) + length(message.payload()) + USUAL_HEADERS,
        );
        let mut part = |part: Option<&[u8]>| {
            bytes.extend_from_slice(part?);
            Some(bytes.split().freeze())
        };
        let (key, payload) = (part(message.key()), part(message.payload()));
        message_headers::copy(message, &mut bytes);
        Some(Self {
            partition: message.partition().try_into().ok()?,
            offset: message.offset().try_into().ok()?,
            log_time: message
                .timestamp()
                .to_millis()
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or_default(),
            key,
            headers: Headers::encoded(bytes.freeze()),
            payload,
        })
    }

    /// What it weighs in memory, roughly, in bytes.
    pub fn weight(&self) -> usize {
        let length = |part: &Option<Bytes>| part.as_ref().map_or(0, Bytes::len);
        size_of::<Self>() + length(&self.key) + length(&self.payload) + self.headers.len()
    }
}
