use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::Event;
use uuid::Uuid;

/// An event as the log stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// Its id, which chooses its partition.
    pub event_id: Uuid,
    /// When the collector received it, to the millisecond.
    pub received_at: DateTime<Utc>,
    /// Its canonical JSON.
    pub json: Bytes,
}

impl EventRecord {
    /// Writes an event as JSON. Every event can be written.
    pub(super) fn of(event: &Event) -> Self {
        let json = serde_json::to_vec(event).unwrap_or_default().into();
        Self { event_id: event.event_id, received_at: event.received_at, json }
    }
}
