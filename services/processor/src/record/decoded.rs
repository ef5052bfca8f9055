use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::{Event, RecentIds};
use stream::{Entry, LogRecord, Offset};
use tenancy::Scoped;

/// A record of the log, read.
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
    /// The record, where it is known whose it is.
    pub(crate) record: Option<Box<Scoped<LogRecord>>>,
}

impl Decoded {
    /// The event, unless it is a re-send or cannot be read.
    pub(crate) fn first(&self) -> Option<&Scoped<Arc<Event>>> {
        self.event.as_ref().ok().filter(|_| !self.resend)
    }
}

impl Decoded {
    /// Reads a record by itself, without a look at those before it: as if it were no re-send.
    pub(crate) fn read(entry: Entry) -> Self {
        let (offset, log_time) = (entry.offset(), entry.log_time());
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
pub(crate) fn decode(entry: Entry, recent: &mut RecentIds) -> Decoded {
    let read = Decoded::read(entry);
    let resend = read.event.as_ref().is_ok_and(|event| {
        let id = event.value().event_id;
        recent.is_resend(event.tenant().client_id(), id, read.log_time)
    });
    Decoded { resend, ..read }
}

fn read(record: Scoped<LogRecord>) -> Result<Scoped<Arc<Event>>, Unreadable> {
    let read = record
        .as_ref()
        .try_map(|record| serde_json::from_slice(record.payload.as_deref().unwrap_or_default()));
    match read {
        Ok(event) => Ok(event.map(Arc::new)),
        Err(error) => {
            let error: serde_json::Error = error;
            let reason = format!("not a canonical event: {:?}", error.classify());
            Err(Unreadable { reason, record: Some(Box::new(record)) })
        }
    }
}
