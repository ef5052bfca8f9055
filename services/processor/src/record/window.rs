use std::ops::Range;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use recent_ids::RecentIds;
use stream::{Offset, Partition};

use crate::{ProcessorError, history::History};

/// How far our clock may be from the brokers'.
const CLOCKS: TimeDelta = TimeDelta::minutes(10);

/// The records that decide whether the one at `next` is a re-send: those of the log's 24 hours
/// before it.
pub(super) struct Window {
    /// Whoever remembers every id that was logged at this time or later knows enough.
    pub(super) since: DateTime<Utc>,
    /// The records of that time.
    pub(super) range: Range<Offset>,
}

impl Window {
    pub(super) async fn before(
        history: &History,
        kgen: u16,
        partition: Partition,
        next: Offset,
    ) -> Result<Self, ProcessorError> {
        // The record at `next` was logged at its own time, or is still to come.
        let mut logged_at = Utc::now() - CLOCKS;
        if let Some(first) = history.record(kgen, partition, next).await? {
            logged_at = logged_at.min(first.log_time());
        }
        // Whole seconds, as the ids are remembered to the second.
        let whole = logged_at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(logged_at);
        let since = whole - RecentIds::WINDOW;
        let start = (*history.place_of(kgen, partition, since).await?.start()).min(next);
        // Before the first record of all there was none.
        let since = if start == 0 { DateTime::UNIX_EPOCH } else { since };
        Ok(Self { since, range: start..next })
    }
}
