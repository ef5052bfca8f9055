use bytes::Bytes;
use chrono::{DateTime, Utc};

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
}
