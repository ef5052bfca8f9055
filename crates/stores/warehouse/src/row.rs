use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::{Event, Item};

/// Where in its partition of the log an event stands, and when the log took it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// The offset.
    pub offset: u64,
    /// The log's own time (`LogAppendTime`): its day is the row's partition in ClickHouse.
    pub logged_at: DateTime<Utc>,
}

/// One row of the events table: an event, or one product of it.
///
/// It names no tenant; the store writes the one its [`tenancy::Scoped`] belongs to.
#[derive(Clone, Debug)]
pub struct EventRow {
    event: Arc<Event>,
    at: Coordinates,
    line: u8,
}

impl EventRow {
    /// The rows of an event: one per product, or a single one when it is about none.
    ///
    /// A line is a byte: the parser admits 200 products, and what lies beyond 256 is left out.
    pub fn lines(event: Arc<Event>, at: Coordinates) -> impl Iterator<Item = Self> {
        let count = event.items.len().max(1);
        (0..=u8::MAX).take(count).map(move |line| Self { event: Arc::clone(&event), at, line })
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Where it stands in the log.
    pub fn coordinates(&self) -> Coordinates {
        self.at
    }

    /// Which of the event's rows this is; line 0 carries what belongs to the event as a whole.
    pub fn line(&self) -> u8 {
        self.line
    }

    /// The product of this line.
    pub fn item(&self) -> Option<&Item> {
        self.event.items.get(usize::from(self.line))
    }
}
