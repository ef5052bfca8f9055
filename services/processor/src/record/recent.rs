use chrono::{TimeDelta, Utc};
use events::RecentIds;
use stream::{Entry, LogReader, Offset, Partition, StreamError};

use super::decode;
use crate::member::read;

/// How far our clock may be from the brokers'.
const CLOCKS: TimeDelta = TimeDelta::minutes(10);

/// Records at a time.
const CHUNK: usize = 10_000;

/// The ids that decide whether the record at `next` is a re-send: those of the log's 24 hours
/// before it, read back from the log.
pub(crate) async fn recall(
    reader: &LogReader,
    partition: Partition,
    next: Offset,
) -> Result<RecentIds, StreamError> {
    let mut recent = RecentIds::new();
    let bounds = reader.bounds(partition).await?;
    let until = next.min(bounds.end);
    // The record at `next` was logged at its own time, or is still to come.
    let mut logged_at = Utc::now() - CLOCKS;
    if bounds.contains(&next) {
        let mut one = reader.read_range(partition, next..next + 1)?;
        if let Some(first) = read(&mut one, 1).await?.as_deref().and_then(<[Entry]>::first) {
            logged_at = logged_at.min(first.log_time());
        }
    }
    let since = reader.offset_for_time(partition, logged_at - RecentIds::WINDOW).await?;
    let since = since.max(bounds.start);
    if since >= until {
        return Ok(recent);
    }
    let mut past = reader.read_range(partition, since..until)?;
    while let Some(entries) = read(&mut past, CHUNK).await? {
        for entry in entries {
            decode(entry, &mut recent);
        }
    }
    Ok(recent)
}
