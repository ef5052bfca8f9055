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
    /// Hours that begin earlier are not complete in Redis until they are rebuilt:
    /// [`DateTime::UNIX_EPOCH`] when nothing stands before `next_offset`, else [`whole_after`].
    pub whole_from: DateTime<Utc>,
    /// Whether the platform never counted anything. Its keys then carry no generation.
    pub is_first: bool,
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
            command.arg(self.keys.chain(bucket)).arg(&field).arg(LAYOUT);
            let (fence, layout): (Option<u64>, Option<String>) =
                command.query_async(&mut self.connection()).await?;
            Ok((bucket, fence.filter(|_| layout.as_ref() == Some(&self.keys.layout()))))
        }))
        .await
    }

    /// Starts a partition's chain in a bucket; `false` when somebody else has moved the fence since
    /// it was seen, or the log was made anew.
    ///
    /// Counters that something was lost of are not added to again: the bucket begins a new
    /// generation of keys, in which every partition starts its chain, and is then
    /// [rebuilt](Self::join_rebuild).
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
            .arg(start.kgen)
            .arg(start.partition)
            .arg(start.seen.map(|seen| seen.to_string()).unwrap_or_default())
            .arg(start.next_offset)
            .arg(start.whole_from.timestamp())
            .arg(start.partitions)
            .arg(self.keys.layout())
            .arg(u8::from(start.is_first));
        let started: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(started == 1)
    }

    pub(crate) async fn chain(&self, bucket: Bucket) -> Result<Chain, AggregatesError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.chain(bucket));
        Ok(Chain(command.query_async(&mut self.connection()).await?))
    }
}

/// Field of the chain: the next offset.
pub(crate) fn fence_field(kgen: u16, partition: u16) -> String {
    format!("{kgen}:{partition}:{FENCE}")
}

/// Field of the chain: how tenants are spread over buckets, and the form of their counters.
pub(crate) const LAYOUT: &str = "layout";
const FENCE: &str = "fence";
const START: &str = "start";
const WHOLE_FROM: &str = "whole_from";

/// A bucket's chain as it was read.
#[derive(Debug, Default)]
pub(crate) struct Chain(pub(crate) HashMap<String, String>);

impl Chain {
    /// Which keys the bucket's counters are under.
    pub(crate) fn generation(&self) -> u64 {
        self.number("generation").unwrap_or_default()
    }

    /// Since when the hours of the bucket are whole: `None` while a partition of the newest log has
    /// no chain, or when it was begun under another layout.
    pub(crate) fn whole_from(&self, layout: &str) -> Option<DateTime<Utc>> {
        let chains = self.chains(layout, WHOLE_FROM)?;
        let rebuilt = self.number("base_from");
        let from = rebuilt.or_else(|| chains.into_iter().map(|(_, from)| from).max())?;
        DateTime::from_timestamp(i64::try_from(from).ok()?, 0)
    }

    /// The log's generation, and where the chain of each of its partitions begins, from partition
    /// 0 on; `None` while one has none.
    pub(crate) fn starts(&self, layout: &str) -> Option<(u16, Vec<u64>)> {
        let kgen = self.number("kgen")?;
        let mut starts = self.chains(layout, START)?;
        starts.sort_unstable();
        let in_order = starts.iter().enumerate().all(|(at, (partition, _))| at == *partition);
        let starts = starts.into_iter().map(|(_, start)| start).collect();
        in_order.then_some((u16::try_from(kgen).ok()?, starts))
    }

    /// Whether the bucket lacks what it once had taken: a fence lies before the next offset that was
    /// noted (log generation, partition, offset). A note follows its fence, so it is never ahead of
    /// one by itself.
    pub(crate) fn has_lost(&self, noted: &[(u16, u16, u64)]) -> bool {
        noted.iter().any(|(kgen, partition, next)| {
            self.number(&fence_field(*kgen, *partition)).is_some_and(|fence| fence < *next)
        })
    }

    /// What the newest log's partitions have under `name`; `None` unless every one has it.
    fn chains(&self, layout: &str, name: &str) -> Option<Vec<(usize, u64)>> {
        self.0.get(LAYOUT).filter(|known| *known == layout)?;
        let mut chains = Vec::new();
        for (field, value) in &self.0 {
            if let [kgen, partition, kind] = *field.split(':').collect::<Vec<_>>()
                && kind == name
            {
                let kgen: u16 = kgen.parse().ok()?;
                chains.push((kgen, partition.parse().ok()?, value.parse().ok()?));
            }
        }
        let newest = chains.iter().map(|(kgen, _, _)| *kgen).max()?;
        let complete = chains.iter().filter(|(kgen, _, _)| *kgen == newest).count() as u64;
        let complete = complete >= self.number("partitions")?;
        complete
            .then(|| chains.into_iter().map(|(_, partition, value)| (partition, value)).collect())
    }

    fn number(&self, field: &str) -> Option<u64> {
        self.0.get(field)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(fields: &[(&str, &str)]) -> Chain {
        let owned = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
        Chain(owned.collect())
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
            ("layout", "1:2"),
            ("partitions", "2"),
            ("1:0:whole_from", "7200"),
            ("1:1:whole_from", "3600"),
            ("1:0:fence", "5"),
        ];
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        assert_eq!(chain(&fields).whole_from("1:2"), at(7200));
        assert_eq!(chain(&fields).whole_from("2:2"), None, "tenants were in other buckets");
        fields.push(("2:0:whole_from", "0"));
        assert_eq!(chain(&fields).whole_from("1:2"), None, "one partition is missing");
        fields.push(("2:1:whole_from", "0"));
        assert_eq!(chain(&fields).whole_from("1:2"), at(7200));
        assert_eq!(chain(&[]).whole_from("1:2"), None);
    }
}
