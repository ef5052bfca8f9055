use chrono::{TimeDelta, Utc};
use events::RecentIds;
use stream::{Offset, Partition};

use super::decode;
use crate::{ProcessorError, history::History};

/// How far our clock may be from the brokers'.
const CLOCKS: TimeDelta = TimeDelta::minutes(10);

/// Records at a time.
const CHUNK: usize = 10_000;

/// The ids that decide whether the record at `next` is a re-send: those of the log's 24 hours
/// before it, read back from the log.
pub(crate) async fn recall(
    history: &History,
    kgen: u16,
    partition: Partition,
    next: Offset,
) -> Result<RecentIds, ProcessorError> {
    let mut recent = RecentIds::new();
    // The record at `next` was logged at its own time, or is still to come.
    let mut logged_at = Utc::now() - CLOCKS;
    if let Some(first) = history.record(kgen, partition, next).await? {
        logged_at = logged_at.min(first.log_time());
    }
    let since = *history.place_of(kgen, partition, logged_at - RecentIds::WINDOW).await?.start();
    let mut past = history.read(kgen, partition, since..next);
    loop {
        match past.next(CHUNK).await {
            Ok(Some(entries)) => {
                for entry in entries {
                    decode(entry, &mut recent);
                }
            }
            Ok(None) => return Ok(recent),
            Err(error @ ProcessorError::Lost { .. }) => {
                // No record is lost by this; it has been stored.
                tracing::warn!(%error, "re-sends of their events would not be recognised");
                let held = history.held_from(kgen, partition).await?;
                past = history.read(kgen, partition, held..next);
            }
            Err(error) => return Err(error),
        }
    }
}
