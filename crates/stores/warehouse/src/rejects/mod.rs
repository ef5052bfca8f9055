//! Events that were refused: kept for their tenant, listed, found again by id.

mod id;
mod insert;
mod listing;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use id::{LogPlace, RejectId};
pub use listing::{RejectFilter, RejectKey};

/// An event that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedEvent {
    /// Its id, which says when it was received.
    pub id: RejectId,
    /// The stable code of the reason.
    pub code: String,
    /// Where in the event: a JSON pointer.
    pub pointer: String,
    /// What would be right.
    pub reason: String,
    /// The id it was sent with, if that could be read.
    pub event_id: Option<Uuid>,
    /// When its sender says it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether it came with a key that brings history.
    pub history: bool,
    /// Whether it was accepted once and stands in the log of events, set aside by a sink.
    pub set_aside: bool,
    /// The bytes that were sent, or as many of them as were asked for.
    pub original: Bytes,
}

impl RejectedEvent {
    /// The id it has as an event, whenever and however often it is mended: the one it was sent
    /// with, or else one made of its own. What was set aside needs another than it was sent with:
    /// that one stands in the log, and what follows there under it counts as a re-send.
    pub fn replay_id(&self) -> Uuid {
        self.event_id.filter(|_| !self.set_aside).unwrap_or_else(|| self.id.derived())
    }
}
