use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::Utc;
use lifecycle::BoxError;
use stream::{Offset, Partition};
use telemetry::Gauge;
use tokio_util::sync::CancellationToken;

use super::Log;

/// How often idle partitions are declared up to date.
const EVERY: Duration = Duration::from_millis(500);

/// How far each owned partition has come. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    partitions: Arc<Mutex<BTreeMap<Partition, Done>>>,
}

#[derive(Clone, Copy)]
struct Done {
    epoch: u64,
    next_offset: Offset,
}

impl Progress {
    /// Everything below `next_offset` is done, under the lease of that epoch.
    pub(crate) fn reached(&self, partition: Partition, epoch: u64, next_offset: Offset) {
        self.update(|partitions| partitions.insert(partition, Done { epoch, next_offset }));
    }

    /// No partition is ours any more.
    pub(crate) fn clear(&self) {
        self.update(BTreeMap::clear);
    }

    /// How far each partition has come.
    pub(crate) fn offsets(&self) -> Vec<(Partition, Offset)> {
        self.snapshot().into_iter().map(|(partition, done)| (partition, done.next_offset)).collect()
    }

    fn snapshot(&self) -> BTreeMap<Partition, Done> {
        self.update(|partitions| partitions.clone())
    }

    fn update<T>(&self, change: impl FnOnce(&mut BTreeMap<Partition, Done>) -> T) -> T {
        change(&mut self.partitions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Says of partitions whose worker has reached the end of the log that they are up to date, and
/// keeps the lag's gauge.
pub(crate) async fn watch(log: Log, token: CancellationToken) -> Result<(), BoxError> {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let failed = look(&log).await.err();
        if let (Some(error), false) = (&failed, away) {
            tracing::warn!(sink = log.sink.as_str(), error, "cannot tell how far the log is");
        }
        away = failed.is_some();
    }
}

async fn look(log: &Log) -> Result<(), BoxError> {
    let asked_at = Utc::now();
    let ends = log.reader.ends().await?;
    let done = log.progress.snapshot();
    Gauge::PartitionsOwned.set(&[log.sink.as_str()], done.len().try_into().unwrap_or(i64::MAX));
    let (mut up_to_date, mut lag) = (Vec::new(), 0);
    for (partition, end) in ends {
        let Some(done) = done.get(&partition) else {
            continue;
        };
        lag += end.saturating_sub(done.next_offset);
        if done.next_offset >= end {
            up_to_date.push((partition, done.epoch));
        }
    }
    Gauge::LagRecords.set(&[log.sink.as_str()], lag.try_into().unwrap_or(i64::MAX));
    log.ledger.touch(log.sink.as_str(), log.kgen, &up_to_date, asked_at).await?;
    Ok(())
}
