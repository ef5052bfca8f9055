use std::collections::HashMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use futures::future::try_join_all;

use crate::{Aggregates, AggregatesError, Bucket};

/// How far an event's time may lie after the time its record came into the log.
const CLAMPED_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// Where one partition's chain begins in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainStart {
    /// Generation of the log.
    pub kgen: u16,
    /// Partition of the log.
    pub partition: u16,
    /// Partitions the log has; readers trust a bucket when it has a chain for each.
    pub partitions: u16,
    /// The fence that was found. When somebody has moved it since, nothing happens.
    pub seen: Option<u64>,
    /// The offset of the first batch to come.
    pub next_offset: u64,
    /// Hours that begin earlier are not complete in Redis and are read from ClickHouse:
    /// [`DateTime::UNIX_EPOCH`] when `next_offset` is 0, else [`whole_after`].
    pub whole_from: DateTime<Utc>,
}

/// The first hour that nothing before `log_time` can belong to: events may be dated up to five
/// minutes ahead.
pub fn whole_after(log_time: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    (log_time + CLAMPED_AHEAD + hour).duration_trunc(hour).unwrap_or(log_time + hour + hour)
}

impl Aggregates {
    /// The offset that each bucket takes next from a partition; `None` where Redis has lost the
    /// chain or never had one.
    ///
    /// Asked on taking a partition over, and about once a second while it is idle: a fence behind
    /// the ledger's next offset is how writes that Redis acknowledged and lost are found.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn fences(
        &self,
        kgen: u16,
        partition: u16,
    ) -> Result<Vec<(Bucket, Option<u64>)>, AggregatesError> {
        let field = fence_field(kgen, partition);
        try_join_all(self.keys.buckets().map(async |bucket| {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.chain(bucket)).arg(&field).arg("buckets");
            let (fence, buckets): (Option<u64>, Option<u16>) =
                command.query_async(&mut self.connection()).await?;
            Ok((bucket, fence.filter(|_| buckets == Some(self.keys.bucket_count()))))
        }))
        .await
    }

    /// Starts a partition's chain in a bucket; `false` when somebody else has moved the fence since
    /// it was seen.
    ///
    /// Counters already there are kept: what they lack lies before `whole_from`. (A rebuild of
    /// those hours from ClickHouse would write them and then lower it.)
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn start_chain(
        &self,
        bucket: Bucket,
        start: &ChainStart,
    ) -> Result<bool, AggregatesError> {
        let mut invocation = self.scripts.start_chain.prepare_invoke();
        invocation
            .key(self.keys.chain(bucket))
            .arg(fence_field(start.kgen, start.partition))
            .arg(whole_from_field(start.kgen, start.partition))
            .arg(start.seen.map(|seen| seen.to_string()).unwrap_or_default())
            .arg(start.next_offset)
            .arg(start.whole_from.timestamp())
            .arg(start.partitions)
            .arg(self.keys.bucket_count());
        let started: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(started == 1)
    }
}

/// Field of the chain: the next offset.
pub(crate) fn fence_field(kgen: u16, partition: u16) -> String {
    format!("{kgen}:{partition}:fence")
}

/// Field of the chain: Unix seconds.
fn whole_from_field(kgen: u16, partition: u16) -> String {
    format!("{kgen}:{partition}:{WHOLE_FROM}")
}

const WHOLE_FROM: &str = "whole_from";

/// Since when the hours of a bucket are whole: `None` while a partition of the newest generation
/// has no chain, or when tenants were spread over another number of buckets.
pub(crate) fn whole_from(chain: &HashMap<String, String>, buckets: u16) -> Option<DateTime<Utc>> {
    let number = |field: &str| chain.get(field)?.parse::<u16>().ok();
    number("buckets").filter(|known| *known == buckets)?;
    let partitions = usize::from(number("partitions")?);
    let mut starts = Vec::new();
    for (field, seconds) in chain {
        if let [kgen, _, WHOLE_FROM] = *field.split(':').collect::<Vec<_>>() {
            let kgen: u16 = kgen.parse().ok()?;
            starts.push((kgen, DateTime::from_timestamp(seconds.parse().ok()?, 0)?));
        }
    }
    let newest = starts.iter().map(|(kgen, _)| *kgen).max()?;
    let chains = starts.iter().filter(|(kgen, _)| *kgen == newest).count();
    starts.into_iter().map(|(_, from)| from).max().filter(|_| chains >= partitions)
}

/// Whether a bucket lacks what it once had taken: a fence lies before the next offset that was
/// noted (log generation, partition, offset). A note follows its fence, so it is never ahead of one
/// by itself.
pub(crate) fn has_lost(chain: &HashMap<String, String>, noted: &[(u16, u16, u64)]) -> bool {
    noted.iter().any(|(kgen, partition, next)| {
        let fence = chain.get(&fence_field(*kgen, *partition));
        fence.is_some_and(|fence| fence.parse::<u64>().is_ok_and(|fence| fence < *next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(fields: &[(&str, &str)]) -> HashMap<String, String> {
        fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_hour_is_whole_when_no_earlier_record_can_fall_into_it() {
        for (log_time, whole) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"),
            ("2026-03-01T12:54:59.999Z", "2026-03-01T13:00:00Z"),
            ("2026-03-01T12:55:00Z", "2026-03-01T14:00:00Z"),
        ] {
            let log_time: DateTime<Utc> = log_time.parse().unwrap();
            assert_eq!(whole_after(log_time), whole.parse::<DateTime<Utc>>().unwrap());
        }
    }

    #[test]
    fn a_bucket_is_trusted_once_every_partition_of_the_newest_log_has_a_chain() {
        let mut fields = vec![
            ("buckets", "1"),
            ("partitions", "2"),
            ("1:0:whole_from", "7200"),
            ("1:1:whole_from", "3600"),
            ("1:0:fence", "5"),
        ];
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        assert_eq!(whole_from(&chain(&fields), 1), at(7200));
        assert_eq!(whole_from(&chain(&fields), 2), None, "tenants were in other buckets");
        fields.push(("2:0:whole_from", "0"));
        assert_eq!(whole_from(&chain(&fields), 1), None, "one partition is missing");
        fields.push(("2:1:whole_from", "0"));
        assert_eq!(whole_from(&chain(&fields), 1), at(7200));
        assert_eq!(whole_from(&chain(&[]), 1), None);
    }
}
