use std::sync::Arc;

use chrono::{DateTime, Utc};
use events::{Event, RecentIds};
use stream::{Entry, Offset};
use tenancy::Scoped;

/// A record of the log, read.
pub(crate) struct Decoded {
    pub(crate) offset: Offset,
    pub(crate) log_time: DateTime<Utc>,
    /// The event, or why there is none; never the record's content.
    pub(crate) event: Result<Scoped<Arc<Event>>, String>,
    /// Whether the same event stands earlier in the partition.
    pub(crate) resend: bool,
}

impl Decoded {
    /// The event, unless it is a re-send or cannot be read.
    pub(crate) fn first(&self) -> Option<&Scoped<Arc<Event>>> {
        self.event.as_ref().ok().filter(|_| !self.resend)
    }
}

/// Reads the next record of a partition. Records go through here in the order of the log.
pub(crate) fn decode(entry: Entry, recent: &mut RecentIds) -> Decoded {
    let (offset, log_time) = (entry.offset(), entry.log_time());
    let event = match entry {
        Entry::Record(record) => record
            .try_map(|record| {
                serde_json::from_slice(record.payload.as_deref().unwrap_or_default()).map(Arc::new)
            })
            .map_err(|error| format!("not a canonical event: {:?}", error.classify())),
        Entry::Unresolved(unresolved) => Err(unresolved.reason.as_str().to_owned()),
    };
    let resend = event.as_ref().is_ok_and(|event: &Scoped<Arc<Event>>| {
        let id = event.value().event_id;
        recent.is_resend(event.tenant().client_id(), id, log_time)
    });
    Decoded { offset, log_time, event, resend }
}
