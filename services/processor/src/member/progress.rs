use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use lifecycle::BoxError;
use stream::{Offset, Partition};
use telemetry::{Age, Gauge};
use tokio_util::sync::CancellationToken;

use super::Log;

/// How often idle partitions are declared up to date.
const EVERY: Duration = Duration::from_millis(500);

/// How long the event ids of a partition are kept after it was taken away: it may well come back.
const IDLE: Duration = Duration::from_secs(600);

/// How far each owned partition has come. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    partitions: Arc<Mutex<BTreeMap<Partition, Done>>>,
}

#[derive(Clone, Copy)]
struct Done {
    epoch: u64,
    next_offset: Offset,
    /// What was logged before this moment is done. Where that was never said, it counts from the
    /// moment the partition was taken.
    as_of: DateTime<Utc>,
    /// One past the last record of the log, when it was last looked at.
    end: Option<Offset>,
}

impl Done {
    fn behind(&self) -> u64 {
        self.end.map_or(0, |end| end.saturating_sub(self.next_offset))
    }
}

impl Progress {
    /// Everything below `next_offset`, and so everything that was logged before `as_of`, is done,
    /// under the lease of that epoch.
    pub(crate) fn reached(
        &self,
        partition: Partition,
        epoch: u64,
        next_offset: Offset,
        as_of: Option<DateTime<Utc>>,
    ) {
        self.update(|partitions| {
            let before = partitions.get(&partition);
            let as_of = as_of.max(before.map(|before| before.as_of)).unwrap_or_else(Utc::now);
            let end = before.and_then(|before| before.end);
            partitions.insert(partition, Done { epoch, next_offset, as_of, end })
        });
    }

    /// One past the last record of the partition, when the log was last looked at.
    pub(crate) fn end(&self, partition: Partition) -> Option<Offset> {
        self.update(|partitions| partitions.get(&partition).and_then(|done| done.end))
    }

    /// How many partitions are ours.
    pub(crate) fn owned(&self) -> usize {
        self.update(|partitions| partitions.len())
    }

    /// No partition is ours any more.
    pub(crate) fn clear(&self) {
        self.update(BTreeMap::clear);
    }

    /// How far each partition has come.
    pub(crate) fn offsets(&self) -> Vec<(Partition, Offset)> {
        self.snapshot().into_iter().map(|(partition, done)| (partition, done.next_offset)).collect()
    }

    /// The log ended there at `asked_at`. Returns how far each partition has come.
    fn look(
        &self,
        ends: &[(Partition, Offset)],
        asked_at: DateTime<Utc>,
    ) -> BTreeMap<Partition, Done> {
        self.update(|partitions| {
            for (partition, end) in ends {
                let Some(done) = partitions.get_mut(partition) else { continue };
                done.end = Some(*end);
                if done.next_offset >= *end {
                    done.as_of = done.as_of.max(asked_at);
                }
            }
            partitions.clone()
        })
    }

    fn snapshot(&self) -> BTreeMap<Partition, Done> {
        self.update(|partitions| partitions.clone())
    }

    fn update<T>(&self, change: impl FnOnce(&mut BTreeMap<Partition, Done>) -> T) -> T {
        change(&mut self.partitions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Says of partitions whose worker has reached the end of the log that they are up to date, and
/// keeps the gauges of what is not done yet.
pub(crate) async fn watch(log: Log, token: CancellationToken) -> Result<(), BoxError> {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        log.recent.let_go(IDLE).await;
        let failed = look(&log).await.err();
        if let (Some(error), false) = (&failed, away) {
            tracing::warn!(sink = log.sink.as_str(), error, "cannot tell how far the log is");
        }
        away = failed.is_some();
    }
}

async fn look(log: &Log) -> Result<(), BoxError> {
    let (sink, asked_at) = (log.sink.as_str(), Utc::now());
    // Before the progress: what is ours in a later generation is never told of an earlier one.
    let kgen = log.kgen();
    let ends = log.reader.ends().await?;
    let done = log.progress.look(&ends, asked_at);
    let behind = |done: &&Done| done.behind() > 0;
    let lag: u64 = done.values().map(Done::behind).sum();
    let oldest = done.values().filter(behind).map(|done| done.as_of).min().unwrap_or(asked_at);
    Gauge::PartitionsOwned.set(&[sink], done.len().try_into().unwrap_or(i64::MAX));
    Gauge::LagRecords.set(&[sink], lag.try_into().unwrap_or(i64::MAX));
    Age::OldestUnacknowledged.set(&[sink], (asked_at - oldest).to_std().unwrap_or_default());
    let up_to_date: Vec<_> = done
        .iter()
        .filter(|(_, done)| done.end.is_some() && done.behind() == 0)
        .map(|(partition, done)| (*partition, done.epoch, done.next_offset))
        .collect();
    log.ledger.touch(sink, kgen, &up_to_date, asked_at).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_waits_is_as_old_as_the_last_moment_nothing_did() {
        let (progress, noon) = (Progress::default(), DateTime::UNIX_EPOCH + TimeDelta::hours(12));
        let minute = |minute| noon + TimeDelta::minutes(minute);
        progress.reached(3, 1, 10, Some(minute(0)));
        let as_of = |ends: &[_], at| progress.look(ends, at)[&3].as_of;
        assert_eq!(as_of(&[(3, 10)], minute(5)), minute(5), "nothing waits");
        assert_eq!(as_of(&[(3, 14)], minute(6)), minute(5));
        assert_eq!((progress.end(3), progress.end(4)), (Some(14), None));
        assert_eq!(as_of(&[(3, 20)], minute(9)), minute(5));
        progress.reached(3, 1, 14, Some(minute(7)));
        assert_eq!(as_of(&[(3, 20)], minute(9)), minute(7));
        assert_eq!(progress.end(3), Some(20));
    }
}
