//! Rejects: stored for their tenant, listed, and read by id.

mod id;
mod insert;
mod listing;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use id::RejectId;
pub use listing::{RejectFilter, RejectKey};

/// A refused event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedEvent {
    /// Its id, which contains the time of receipt.
    pub id: RejectId,
    /// The stable code of the reason.
    pub code: String,
    /// The place of the error in the event: a JSON pointer.
    pub pointer: String,
    /// The rule that the event breaks.
    pub reason: String,
    /// The event id it was sent with, if that could be read.
    pub event_id: Option<Uuid>,
    /// When it was sent, according to its sender.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether it was sent with a key for importing history.
    pub history: bool,
    /// Whether it was accepted, is in the log of events, and was set aside by a group.
    pub set_aside: bool,
    /// The bytes that were sent, or as many of the first ones as were requested.
    pub original: Bytes,
}

impl RejectedEvent {
    /// Returns the event id of every resubmission: the id it was sent with, or one derived from its
    /// own id. A reject that was set aside always gets the derived one: the id it was sent with is
    /// already in the log, so that a second event with it counts as a re-send.
    pub fn resubmit_id(&self) -> Uuid {
        self.event_id.filter(|_| !self.set_aside).unwrap_or_else(|| self.id.derived_event_id())
    }
}
