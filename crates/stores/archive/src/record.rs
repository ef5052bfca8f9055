use bytes::Bytes;
use chrono::{DateTime, Utc};

/// A record of the log as the archive keeps it: with every byte. Its generation and partition are
/// those of its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedRecord {
    /// Its place within the partition.
    pub offset: u64,
    /// When the broker appended it, to the millisecond.
    pub log_time: DateTime<Utc>,
    /// Its key; absent is not empty.
    pub key: Option<Bytes>,
    /// Its headers, in their order.
    pub headers: Vec<Header>,
    /// Its value; absent is not empty.
    pub payload: Option<Bytes>,
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name; not unique within a record.
    pub name: String,
    /// Its value; absent is not empty.
    pub value: Option<Bytes>,
}
