use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use control_plane::UpToDate;
use lifecycle::{BoxError, every};
use log::{Offset, Partition};
use telemetry::{Age, Gauge};
use tokio_util::sync::CancellationToken;

use super::WorkerContext;

/// How often partitions that have no work are recorded as up to date.
const PERIOD: Duration = Duration::from_millis(500);

/// How long the event ids of a revoked partition are retained: it may come back.
const IDS_RETAINED: Duration = Duration::from_secs(600);

/// Up to where each owned partition is processed. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    partitions: Arc<Mutex<BTreeMap<Partition, Done>>>,
}

#[derive(Clone, Copy)]
struct Done {
    epoch: u64,
    next: Offset,
    /// Everything logged before this time is processed. Until a worker reports a time, it is the
    /// time at which the partition was taken.
    as_of: DateTime<Utc>,
    /// One past the last record of the log, when it was last read.
    end: Option<Offset>,
}

impl Done {
    fn behind(&self) -> u64 {
        self.end.map_or(0, |end| end - self.next)
    }
}

impl Progress {
    /// Reports that everything before `next`, and so everything logged before `as_of`, is processed
    /// under the lease of that epoch.
    pub(crate) fn report(
        &self,
        partition: Partition,
        epoch: u64,
        next: Offset,
        as_of: Option<DateTime<Utc>>,
    ) {
        self.update(|partitions| {
            let before = partitions.get(&partition);
            let as_of = as_of.max(before.map(|before| before.as_of)).unwrap_or_else(Utc::now);
            let end = before.and_then(|before| before.end);
            partitions.insert(partition, Done { epoch, next, as_of, end })
        });
    }

    /// One past the last record of the partition, when the log was last read.
    pub(crate) fn end(&self, partition: Partition) -> Option<Offset> {
        self.update(|partitions| partitions.get(&partition).and_then(|done| done.end))
    }

    /// How many partitions this process owns.
    pub(crate) fn owned(&self) -> usize {
        self.update(|partitions| partitions.len())
    }

    /// Forgets every partition: they are revoked.
    pub(crate) fn clear(&self) {
        self.update(BTreeMap::clear);
    }

    /// The next offset of each partition.
    pub(crate) fn offsets(&self) -> Vec<(Partition, Offset)> {
        self.snapshot().into_iter().map(|(partition, done)| (partition, done.next)).collect()
    }

    /// Notes where the log ended at `asked_at`. Returns the progress of each partition.
    fn update_ends(
        &self,
        ends: &[(Partition, Offset)],
        asked_at: DateTime<Utc>,
    ) -> BTreeMap<Partition, Done> {
        self.update(|partitions| {
            for (partition, end) in ends {
                let Some(done) = partitions.get_mut(partition) else { continue };
                done.end = Some(*end);
                if done.next >= *end {
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

/// Records in the ledger that partitions whose worker has reached the end of the log are up to
/// date, and sets the gauges of what is still to be processed.
pub(crate) async fn watch(
    context: WorkerContext,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(PERIOD, token, "measure how far the log is processed");
    while rounds.begin().await {
        context.recent_ids.expire(IDS_RETAINED).await;
        rounds.run(measure(&context)).await;
    }
    Ok(())
}

async fn measure(context: &WorkerContext) -> Result<(), BoxError> {
    let group = context.group;
    let asked_at = Utc::now();
    // Read before the progress: partitions owned in a later generation are never reported for an
    // earlier one.
    let generation = context.generation();
    let ends = context.reader.ends().await?;
    let done = context.progress.update_ends(&ends, asked_at);
    let behind = |done: &&Done| done.behind() > 0;
    let lag: u64 = done.values().map(Done::behind).sum();
    let oldest = done.values().filter(behind).map(|done| done.as_of).min().unwrap_or(asked_at);
    let sink = group.as_str();
    Gauge::Partitions.set(&[sink], ends.len().try_into().unwrap_or(i64::MAX));
    Gauge::PartitionsOwned.set(&[sink], done.len().try_into().unwrap_or(i64::MAX));
    Gauge::LagRecords.set(&[sink], lag.try_into().unwrap_or(i64::MAX));
    Age::OldestUnacknowledged.set(&[sink], (asked_at - oldest).to_std().unwrap_or_default());
    let up_to_date: Vec<_> = done
        .iter()
        .filter(|(_, done)| done.end.is_some() && done.behind() == 0)
        .map(|(partition, done)| UpToDate {
            partition: *partition,
            epoch: done.epoch,
            next: done.next,
        })
        .collect();
    context.ledger.touch(group, generation, &up_to_date, asked_at).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const PARTITION: Partition = Partition::new(3);

    fn at(offset: u64) -> Offset {
        Offset::new(offset)
    }

    #[test]
    fn lag_is_as_old_as_the_last_time_without_lag() {
        let progress = Progress::default();
        let noon = DateTime::UNIX_EPOCH + TimeDelta::hours(12);
        let minute = |minute| noon + TimeDelta::minutes(minute);
        let as_of = |end, asked_at| {
            progress.update_ends(&[(PARTITION, at(end))], asked_at)[&PARTITION].as_of
        };
        progress.report(PARTITION, 1, at(10), Some(minute(0)));
        assert_eq!(as_of(10, minute(5)), minute(5), "no lag");
        assert_eq!(as_of(14, minute(6)), minute(5));
        assert_eq!(progress.end(PARTITION), Some(at(14)));
        assert_eq!(progress.end(Partition::new(4)), None);
        assert_eq!(as_of(20, minute(9)), minute(5));
        progress.report(PARTITION, 1, at(14), Some(minute(7)));
        assert_eq!(as_of(20, minute(9)), minute(7));
        assert_eq!(progress.end(PARTITION), Some(at(20)));
    }
}
