use std::collections::HashMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use futures::future::try_join_all;
use log::{Generation, LogPlace, Offset, Partition};

use crate::{Aggregates, AggregatesError, SlotGroup};

/// How far an event's time may lie after its log time.
const CLAMPED_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// Where the chain of one partition begins in a slot group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainStart {
    /// The place where the first batch begins.
    pub next: LogPlace,
    /// The number of the log's partitions; readers trust a slot group that has a chain for each.
    pub partitions: u16,
    /// The fence that was found. If it has moved since, the chain is not started.
    pub seen: Option<Offset>,
    /// Hours that begin earlier are not whole in Redis until they are rebuilt:
    /// [`DateTime::UNIX_EPOCH`] when the log is empty before `next`, else [`whole_after`].
    pub whole_from: DateTime<Utc>,
    /// Whether the platform has never counted anything. Its keys then have key generation 0.
    pub is_first: bool,
}

/// Returns the first hour that no record logged before `log_time` can belong to. Events may be
/// dated up to five minutes ahead.
pub fn whole_after(log_time: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    (log_time + CLAMPED_AHEAD + hour).duration_trunc(hour).unwrap_or(log_time + hour + hour)
}

impl Aggregates {
    /// Returns a partition's fence in each slot group; `None` where Redis has no chain or has lost
    /// it.
    ///
    /// Call it when a partition is taken over, and about once a second while there is no work. A
    /// fence behind the ledger's next offset shows that Redis lost acknowledged writes.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn fences(
        &self,
        generation: Generation,
        partition: Partition,
    ) -> Result<Vec<(SlotGroup, Option<Offset>)>, AggregatesError> {
        let field = fence_field(generation, partition);
        try_join_all(self.keys.slot_groups().map(async |slot_group| {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.chain(slot_group)).arg(&field).arg(LAYOUT);
            let (fence, layout): (Option<u64>, Option<String>) =
                command.query_async(&mut self.connection()).await?;
            let fence = fence.filter(|_| layout.as_ref() == Some(&self.keys.layout()));
            Ok((slot_group, fence.map(Offset::new)))
        }))
        .await
    }

    /// Starts a partition's chain in a slot group. Returns `false` when another process has moved
    /// the fence since it was seen, or the topic was recreated.
    ///
    /// Counters that have lost events are never added to again. Instead the slot group begins a new
    /// key generation, in which every partition starts its chain, and is then
    /// [rebuilt](Self::join_rebuild).
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn start_chain(
        &self,
        slot_group: SlotGroup,
        start: &ChainStart,
    ) -> Result<bool, AggregatesError> {
        let mut invocation = self.scripts.start_chain.prepare_invoke();
        invocation
            .key(self.keys.chain(slot_group))
            .arg(start.next.generation.get())
            .arg(start.next.partition.get())
            .arg(start.seen.map(|seen| seen.to_string()).unwrap_or_default())
            .arg(start.next.offset.get())
            .arg(start.whole_from.timestamp())
            .arg(start.partitions)
            .arg(self.keys.layout())
            .arg(u8::from(start.is_first));
        let started: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(started == 1)
    }

    pub(crate) async fn chain(&self, slot_group: SlotGroup) -> Result<Chain, AggregatesError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.chain(slot_group));
        Ok(Chain(command.query_async(&mut self.connection()).await?))
    }
}

/// Returns the chain's field that holds a partition's fence.
pub(crate) fn fence_field(generation: Generation, partition: Partition) -> String {
    format!("{generation}:{partition}:{FENCE}")
}

/// The chain's field that holds the [layout](crate::keys::KeySpace::layout).
pub(crate) const LAYOUT: &str = "layout";
const FENCE: &str = "fence";
const START: &str = "start";
const WHOLE_FROM: &str = "whole_from";

/// The chains of a slot group, as read from Redis: one hash holds those of all partitions.
#[derive(Debug, Default)]
pub(crate) struct Chain(pub(crate) HashMap<String, String>);

impl Chain {
    /// Returns the key generation of the slot group's counters.
    pub(crate) fn key_generation(&self) -> u64 {
        self.number("generation").unwrap_or_default()
    }

    /// Whether the chains were discarded, and none has begun since.
    pub(crate) fn is_discarded(&self) -> bool {
        self.0.get(LAYOUT).is_some_and(String::is_empty)
    }

    /// Returns the time from which on the slot group's hours are whole. `None` while a partition of
    /// the newest log generation has no chain, or when the chain has another layout.
    pub(crate) fn whole_from(&self, layout: &str) -> Option<DateTime<Utc>> {
        let chains = self.chains(layout, WHOLE_FROM)?;
        let rebuilt = self.number("base_from");
        let from = rebuilt.or_else(|| chains.into_iter().map(|(_, from)| from).max())?;
        DateTime::from_timestamp(i64::try_from(from).ok()?, 0)
    }

    /// Returns the log's generation, and where the chain of each partition begins, from partition 0
    /// on. `None` while a partition has no chain.
    pub(crate) fn starts(&self, layout: &str) -> Option<(Generation, Vec<Offset>)> {
        let generation = u16::try_from(self.number("kgen")?).ok()?;
        let mut starts = self.chains(layout, START)?;
        starts.sort_unstable();
        let expected = (0..).map(Partition::new);
        let in_order = starts.iter().zip(expected).all(|((found, _), expected)| *found == expected);
        let starts = starts.into_iter().map(|(_, start)| Offset::new(start)).collect();
        in_order.then_some((Generation::new(generation), starts))
    }

    /// Whether Redis has lost writes: a fence lies before the next offset that the ledger noted.
    /// Offsets are noted after the fence has moved, so without a loss no note is ahead of its
    /// fence.
    pub(crate) fn has_lost(&self, noted: &[LogPlace]) -> bool {
        noted.iter().any(|next| {
            self.number(&fence_field(next.generation, next.partition))
                .is_some_and(|fence| Offset::new(fence) < next.offset)
        })
    }

    /// Returns the value of `name` for each partition of the newest log generation; `None` unless
    /// every partition has one.
    fn chains(&self, layout: &str, name: &str) -> Option<Vec<(Partition, u64)>> {
        self.0.get(LAYOUT).filter(|known| *known == layout)?;
        let mut chains = Vec::new();
        for (field, value) in &self.0 {
            if let [generation, partition, kind] = *field.split(':').collect::<Vec<_>>()
                && kind == name
            {
                let generation: Generation = generation.parse().ok()?;
                chains.push((generation, partition.parse().ok()?, value.parse().ok()?));
            }
        }
        let newest = chains.iter().map(|(generation, _, _)| *generation).max()?;
        let complete = chains.iter().filter(|(generation, _, _)| *generation == newest);
        let complete = complete.count() as u64 >= self.number("partitions")?;
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
    fn a_slot_group_is_trusted_when_every_partition_of_the_newest_log_has_a_chain() {
        let mut fields = vec![
            ("layout", "1:2"),
            ("partitions", "2"),
            ("1:0:whole_from", "7200"),
            ("1:1:whole_from", "3600"),
            ("1:0:fence", "5"),
        ];
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        assert_eq!(chain(&fields).whole_from("1:2"), at(7200));
        assert_eq!(chain(&fields).whole_from("2:2"), None, "tenants were in other slot groups");
        fields.push(("2:0:whole_from", "0"));
        assert_eq!(chain(&fields).whole_from("1:2"), None, "one partition is missing");
        fields.push(("2:1:whole_from", "0"));
        assert_eq!(chain(&fields).whole_from("1:2"), at(7200));
        assert_eq!(chain(&[]).whole_from("1:2"), None);
    }
}
