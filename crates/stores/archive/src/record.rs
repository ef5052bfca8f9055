use bytes::Bytes;
use chrono::{DateTime, Utc};
use log::Offset;

/// A record of the log in the archive, with every byte. Its generation and partition are those of
/// its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedRecord {
    /// Its offset.
    pub offset: Offset,
    /// When the broker appended it, to the millisecond.
    pub log_time: DateTime<Utc>,
    /// Its key; an absent one differs from an empty one.
    pub key: Option<Bytes>,
    /// Its headers, in their order.
    pub headers: Vec<Header>,
    /// Its value; an absent one differs from an empty one.
    pub payload: Option<Bytes>,
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name; not unique within a record.
    pub name: String,
    /// Its value; an absent one differs from an empty one.
    pub value: Option<Bytes>,
}
