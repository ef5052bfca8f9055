use std::collections::{BTreeMap, btree_map};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use control_plane::FoundParked;
use log::{Offset, Partition};
use stream::{Entry, LogReader, LogRecord};
use telemetry::Counter;
use tenancy::ClientId;

use super::Parked;
use crate::{ProcessorError, retry};

/// How many records are counted in one step.
const STEP: usize = 5_000;

/// What is found of each tenant and hour.
type Found = BTreeMap<(ClientId, DateTime<Utc>), FoundParked>;

impl Parked<'_> {
    /// Counts what the log has received since the last round.
    pub(super) async fn count(&self, topic_id: &str) -> Result<(), ProcessorError> {
        let counted: BTreeMap<_, _> =
            self.platform.counted_parked(topic_id).await?.into_iter().collect();
        for (partition, end) in self.reader.ends().await? {
            let from = counted.get(&partition).copied().unwrap_or(Offset::ZERO);
            if from < end {
                self.count_partition(topic_id, partition, from, end).await?;
            }
        }
        Ok(())
    }

    async fn count_partition(
        &self,
        topic_id: &str,
        partition: Partition,
        mut from: Offset,
        end: Offset,
    ) -> Result<(), ProcessorError> {
        // What has expired unread has no lot, and is not released.
        let first = self.reader.bounds(partition).await?.start.max(from);
        let mut records = self.reader.read_range(partition, first..end.max(first))?;
        while from < end {
            let mut found = Found::new();
            let next = match retry::read(&mut records, STEP).await? {
                Some(entries) => {
                    entries.iter().for_each(|entry| add(&mut found, entry));
                    entries.last().map_or(end, |entry| entry.offset().next())
                }
                None => end,
            };
            let lots: Vec<_> = found.into_values().collect();
            let events = lots.iter().map(|lot| lot.events).sum();
            if !self.platform.count_parked(topic_id, partition, (from, next), &lots).await? {
                return Err(ProcessorError::Retake("another process counts parked events"));
            }
            Counter::ParkedEvents.add(&["parked"], events);
            from = next;
        }
        Ok(())
    }
}

/// Counts a record, unless it has expired or has no known tenant.
fn add(found: &mut Found, entry: &Entry) {
    let Entry::Record(record) = entry else {
        tracing::error!(offset = %entry.offset(), "a parked event has no known tenant");
        return;
    };
    let hour = hour_of(record.value().log_time);
    if has_expired(hour, Utc::now()) {
        return;
    }
    let client_id = record.tenant().client_id().clone();
    let offset = record.value().offset;
    match found.entry((client_id.clone(), hour)) {
        btree_map::Entry::Occupied(known) => {
            let lot = known.into_mut();
            lot.events += 1;
            lot.bytes += size(record.value());
            lot.last = offset;
        }
        btree_map::Entry::Vacant(new) => {
            let bytes = size(record.value());
            let (first, last) = (offset, offset);
            new.insert(FoundParked { client_id, hour, events: 1, bytes, first, last });
        }
    }
}

/// The hour of a record: what is counted, ordered and expires together.
pub(super) fn hour_of(log_time: DateTime<Utc>) -> DateTime<Utc> {
    log_time.duration_trunc(TimeDelta::hours(1)).unwrap_or(log_time)
}

/// Whether the log may have lost records of the hour.
pub(super) fn has_expired(hour: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    hour <= now - LogReader::PARKED_FOR
}

/// The bytes of an event in the log.
pub(super) fn size(record: &LogRecord) -> u64 {
    record.payload.as_ref().map_or(0, |payload| payload.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_expires_seven_days_after_it_began_before_the_log_loses_any_of_it() {
        let hour = hour_of("2026-03-01T12:34:56.789Z".parse().unwrap());
        assert_eq!(hour, "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert!(!has_expired(hour, "2026-03-08T11:59:59Z".parse().unwrap()));
        assert!(has_expired(hour, "2026-03-08T12:00:00Z".parse().unwrap()));
    }
}
