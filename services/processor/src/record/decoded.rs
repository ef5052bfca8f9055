use std::{ops::ControlFlow, sync::Arc};

use chrono::{DateTime, Utc};
use events::CanonicalEvent;
use log::Offset;
use recent_ids::{RecentIds, RecentIdsError};
use stream::{Entry, LogRecord};
use tenancy::Scoped;

/// Consecutive entries of a partition. Cloning shares them.
pub(crate) type Entries = Arc<Vec<Entry>>;

/// A record of the log as it is read, borrowed from its entry.
pub(crate) struct Decoded<'a> {
    /// Its number among the entries that are read together.
    pub(crate) number: u32,
    pub(crate) entry: &'a Entry,
    /// The event, or why there is none.
    pub(crate) event: Result<Scoped<CanonicalEvent<'a>>, Unreadable>,
    /// Whether the same event stands earlier in the partition.
    pub(crate) resend: bool,
}

/// What is wrong with a record that holds no event; never its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) reason: String,
}

/// What is made of records that are read one after the other.
pub(crate) trait Fold: Send + 'static {
    /// The result.
    type Output: Send + 'static;

    /// Takes the next record. After [`ControlFlow::Break`] it counts as not read, as do those
    /// after it.
    fn add(&mut self, record: &Decoded<'_>) -> ControlFlow<()>;

    /// Ends it. Like [`Self::add`], it may take long and block.
    fn finish(self) -> Self::Output;
}

impl<'a> Decoded<'a> {
    /// Reads a record by itself: `resend` is false whatever precedes it.
    pub(crate) fn read(number: usize, entry: &'a Entry) -> Self {
        let event = match entry {
            Entry::Record(record) => read(record),
            Entry::Unresolved(unresolved) => {
                Err(Unreadable { reason: unresolved.reason.as_str().to_owned() })
            }
        };
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Self { number, entry, event, resend: false }
    }

    pub(crate) fn offset(&self) -> Offset {
        self.entry.offset()
    }

    pub(crate) fn log_time(&self) -> DateTime<Utc> {
        self.entry.log_time()
    }
}

/// Reads the next record of a partition. Records go through here in the order of the log.
pub(super) fn decode<'a>(
    number: usize,
    entry: &'a Entry,
    recent: &mut RecentIds,
) -> Result<Decoded<'a>, RecentIdsError> {
    let mut decoded = Decoded::read(number, entry);
    let offset = entry.offset().get();
    match &decoded.event {
        Ok(event) => {
            let client_id = event.tenant().client_id();
            let id = event.value().event_id;
            decoded.resend = recent.is_resend(offset, entry.log_time(), client_id, id)?;
        }
        Err(_) => recent.pass(offset, entry.log_time()),
    }
    Ok(decoded)
}

/// Remembers the next record of a partition.
pub(super) fn note(entry: &Entry, recent: &mut RecentIds) -> Result<(), RecentIdsError> {
    let offset = entry.offset().get();
    match Decoded::read(0, entry).event {
        Ok(event) => {
            let id = event.value().event_id;
            recent.remember(offset, entry.log_time(), event.tenant().client_id(), id)
        }
        Err(_) => {
            recent.pass(offset, entry.log_time());
            Ok(())
        }
    }
}

fn read(record: &Scoped<LogRecord>) -> Result<Scoped<CanonicalEvent<'_>>, Unreadable> {
    let payload = record.value().payload.as_deref().unwrap_or_default();
    match CanonicalEvent::read(payload) {
        Ok(event) => Ok(record.as_ref().map(|_| event)),
        Err(error) => {
            Err(Unreadable { reason: format!("not a canonical event: {:?}", error.classify()) })
        }
    }
}
