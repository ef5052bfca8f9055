use chrono::{DateTime, Utc};
use log::Offset;

/// The offset of an event in its partition of the log, and its log time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// The offset.
    pub offset: Offset,
    /// When the log appended the event (`LogAppendTime`): its day is the row's partition in
    /// ClickHouse.
    pub logged_at: DateTime<Utc>,
}

/// The place of a row within a partition of the log. Two rows with the same place are copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowPlace {
    /// The offset of the row's event.
    pub offset: Offset,
    /// The number of the row within the event, from 0 on.
    pub line: u8,
}
