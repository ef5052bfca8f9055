use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::Event;
use log::Offset;
use recent_ids::{RecentIds, RecentIdsError};
use stream::{Entry, LogRecord};
use tenancy::Scoped;

use super::canonical;

/// A record of the log that was read.
pub(crate) struct Decoded {
    pub(crate) offset: Offset,
    pub(crate) log_time: DateTime<Utc>,
    /// The event, or why there is none.
    pub(crate) event: Result<Scoped<Arc<Event>>, Unreadable>,
    /// Whether the same event stands earlier in the partition.
    pub(crate) resend: bool,
}

/// A record that holds no event.
pub(crate) struct Unreadable {
    /// What is wrong with it; never its content.
    pub(crate) reason: String,
    /// The record, if its tenant is known.
    pub(crate) record: Option<Box<Scoped<LogRecord>>>,
}

impl Decoded {
    /// The event, unless it is a re-send or cannot be read.
    pub(crate) fn first(&self) -> Option<&Scoped<Arc<Event>>> {
        self.event.as_ref().ok().filter(|_| !self.resend)
    }
}

impl Decoded {
    /// Reads a record by itself: `resend` is false whatever precedes it.
    pub(crate) fn read(entry: Entry) -> Self {
        let offset = entry.offset();
        let log_time = entry.log_time();
        let event = match entry {
            Entry::Record(record) => read(record),
            Entry::Unresolved(unresolved) => {
                Err(Unreadable { reason: unresolved.reason.as_str().to_owned(), record: None })
            }
        };
        Self { offset, log_time, event, resend: false }
    }
}

/// Reads the next record of a partition. Records go through here in the order of the log.
pub(super) fn decode(entry: Entry, recent: &mut RecentIds) -> Result<Decoded, RecentIdsError> {
    let read = Decoded::read(entry);
    let resend = match &read.event {
        Ok(event) => {
            let client_id = event.tenant().client_id();
            let id = event.value().event_id;
            recent.is_resend(read.offset.get(), read.log_time, client_id, id)?
        }
        Err(_) => {
            recent.pass(read.offset.get(), read.log_time);
            false
        }
    };
    Ok(Decoded { resend, ..read })
}

/// Remembers the next record of a partition without decoding it.
pub(super) fn note(entry: &Entry, recent: &mut RecentIds) -> Result<(), RecentIdsError> {
    let offset = entry.offset().get();
    let log_time = entry.log_time();
    if let Entry::Record(record) = entry
        && let Some(id) = canonical::event_id(payload(record.value()))
    {
        return recent.remember(offset, log_time, record.tenant().client_id(), id);
    }
    recent.pass(offset, log_time);
    Ok(())
}

fn read(record: Scoped<LogRecord>) -> Result<Scoped<Arc<Event>>, Unreadable> {
    match record.as_ref().try_map(|record| canonical::event(payload(record))) {
        Ok(event) => Ok(event.map(Arc::new)),
        Err(error) => {
            let reason = format!("not a canonical event: {:?}", error.classify());
            Err(Unreadable { reason, record: Some(Box::new(record)) })
        }
    }
}

fn payload(record: &LogRecord) -> &[u8] {
    record.payload.as_deref().unwrap_or_default()
}
