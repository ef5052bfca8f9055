use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::{Event, Item};
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

/// One row of the events table: an event, or one item of it.
///
/// It names no tenant: the tenant of its [`tenancy::Scoped`] is inserted with it.
#[derive(Clone, Debug)]
pub struct EventRow {
    event: Arc<Event>,
    at: Coordinates,
    line: u8,
}

impl EventRow {
    /// Returns the rows of an event: one per item, or a single row when it has no items.
    ///
    /// A line is a byte: the parser accepts up to 200 items, items after the 256th are left out.
    pub fn lines(event: Arc<Event>, at: Coordinates) -> impl Iterator<Item = Self> {
        let count = event.items.len().max(1);
        (0..=u8::MAX).take(count).map(move |line| Self { event: Arc::clone(&event), at, line })
    }

    /// Returns the event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Returns the offset and the log time of the event.
    pub fn coordinates(&self) -> Coordinates {
        self.at
    }

    /// Returns the number of the row within the event; line 0 also carries the values of the event
    /// as a whole.
    pub fn line(&self) -> u8 {
        self.line
    }

    /// Returns the offset and the line.
    pub fn place(&self) -> RowPlace {
        RowPlace { offset: self.at.offset, line: self.line }
    }

    /// Returns the item of this line.
    pub fn item(&self) -> Option<&Item> {
        self.event.items.get(usize::from(self.line))
    }
}
