use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{Offset, Partition};

/// An event that was refused, kept as it was sent.
///
/// In the log its value is `original`, byte for byte; the rest are headers.
#[derive(Clone, Debug)]
pub struct RejectedRecord {
    /// The stable code of the reason.
    pub code: String,
    /// Where in the event: a JSON pointer.
    pub pointer: String,
    /// What would be right.
    pub reason: String,
    /// What was sent.
    pub original: Bytes,
    /// When the collector took it in.
    pub received_at: DateTime<Utc>,
    /// Where it stands in the log of events, when it was found unfit only there.
    pub source: Option<RejectSource>,
}

/// Where a reject stands in the log of events. One may be published twice, as a crash can come in
/// between: it is the same reject when it has the same source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectSource {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition.
    pub partition: Partition,
    /// The place within the partition.
    pub offset: Offset,
}
