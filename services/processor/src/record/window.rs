use std::ops::Range;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use log::{LogPlace, Offset};
use recent_ids::RecentIds;

use crate::{ProcessorError, history::History};

/// How far the clock of this process may be from the brokers'.
const CLOCKS: TimeDelta = TimeDelta::minutes(10);

/// The records that decide whether the one at `next` is a re-send: those of the log's 24 hours
/// before it.
pub(super) struct Window {
    /// The ids logged at this time or later are enough to decide.
    pub(super) since: DateTime<Utc>,
    /// The records of that time.
    pub(super) range: Range<Offset>,
}

impl Window {
    pub(super) async fn before(history: &History, next: LogPlace) -> Result<Self, ProcessorError> {
        // The record at `next` was logged at its own time, or is still to come.
        let mut logged_at = Utc::now() - CLOCKS;
        if let Some(first) = history.record(next).await? {
            logged_at = logged_at.min(first.log_time());
        }
        // Ids are remembered to the second.
        let whole = logged_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(logged_at);
        let since = whole - RecentIds::WINDOW;
        let found = history.place_of(next.generation, next.partition, since).await?;
        let start = (*found.start()).min(next.offset);
        // No record precedes offset 0.
        let since = if start == Offset::ZERO { DateTime::UNIX_EPOCH } else { since };
        Ok(Self { since, range: start..next.offset })
    }
}
