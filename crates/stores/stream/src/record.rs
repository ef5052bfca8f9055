use bytes::Bytes;
use chrono::{DateTime, Utc};
use rdkafka::message::{BorrowedMessage, Message};
use tenancy::Scoped;

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

/// A record of the log, once it is known whose it is.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// Its partition.
    pub partition: Partition,
    /// Its place within the partition.
    pub offset: Offset,
    /// When the broker appended it.
    pub log_time: DateTime<Utc>,
    /// The canonical event, as JSON.
    pub payload: Bytes,
}

/// A record whose tenant cannot be told, now or ever. It keeps its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Its partition.
    pub partition: Partition,
    /// Its place within the partition.
    pub offset: Offset,
    /// When the broker appended it.
    pub log_time: DateTime<Utc>,
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
    /// Its place within the partition.
    pub fn offset(&self) -> Offset {
        match self {
            Self::Record(record) => record.value().offset,
            Self::Unresolved(unresolved) => unresolved.offset,
        }
    }

    /// When the broker appended it.
    pub fn log_time(&self) -> DateTime<Utc> {
        match self {
            Self::Record(record) => record.value().log_time,
            Self::Unresolved(unresolved) => unresolved.log_time,
        }
    }
}

/// A record as it came off the wire: nobody's yet.
#[derive(Debug)]
pub(crate) struct RawRecord {
    pub(crate) key: Bytes,
    pub(crate) record: LogRecord,
}

impl RawRecord {
    /// A copy of `message`, or nothing when its coordinates make no sense.
    pub(crate) fn copy(message: &BorrowedMessage<'_>) -> Option<Self> {
        let bytes = |bytes: Option<&[u8]>| Bytes::copy_from_slice(bytes.unwrap_or_default());
        let record = LogRecord {
            partition: message.partition().try_into().ok()?,
            offset: message.offset().try_into().ok()?,
            log_time: message
                .timestamp()
                .to_millis()
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or_default(),
            payload: bytes(message.payload()),
        };
        Some(Self { key: bytes(message.key()), record })
    }

    /// What it weighs in memory, roughly, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.record.payload.len()
    }
}
