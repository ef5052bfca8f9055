use std::{ops::Range, sync::Arc, time::Duration};

use control_plane::Group;
use failpoints::Step;
use log::{Offset, Partition};
use stream::{Consumer, Entry, KafkaSettings, Ownership, PartitionStream, StreamError};
use telemetry::{TraceSpan, in_span};
use tenancy::TenantRouter;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Gathered, Progress, Worker, join::join};
use crate::{ProcessorError, current_generation::CurrentGeneration, retry::Pauses};

/// How long a batch under way may take when the process stops.
const LAST_BATCH: Duration = Duration::from_secs(10);

/// A membership that lasted this long did not fail from the start.
const LASTED: Duration = Duration::from_secs(60);

/// How often offsets are committed to Kafka: a hint for tools that show lag, never read back.
const HINT: Duration = Duration::from_secs(2);

/// The most records of a batch read from the archive: its object is in memory besides.
const EXPIRED_LIMIT: usize = 20_000;

/// A member of a consumer group.
pub(crate) struct Member {
    pub(crate) kafka: KafkaSettings,
    pub(crate) router: TenantRouter,
    pub(crate) group: Group,
    /// The name it keeps across restarts.
    pub(crate) instance: Option<String>,
    pub(crate) current: CurrentGeneration,
    /// Where the workers report what they have processed.
    pub(crate) progress: Progress,
    /// Cancelled when the process stops.
    pub(crate) token: CancellationToken,
}

/// A worker's request for the records of its partition from `offset` on.
struct Start {
    partition: Partition,
    offset: Offset,
    answer: oneshot::Sender<Result<PartitionStream, StreamError>>,
}

type Workers = JoinSet<Result<(), ProcessorError>>;

impl Member {
    /// Works until the process stops. After a failure it leaves the group, waits and joins again;
    /// every partition is then taken again, and what was begun is completed.
    pub(crate) async fn run<W: Worker>(&self, worker: Arc<W>) {
        let mut pauses = Pauses::new("process the log");
        loop {
            let joined_at = Instant::now();
            let Err(error) = self.join(&worker).await else { return };
            if joined_at.elapsed() > LASTED {
                pauses.reset();
            }
            tokio::select! {
                () = self.token.cancelled() => return,
                () = pauses.wait(&error) => {}
            }
        }
    }

    /// Runs one membership to its end. `Ok` when the process stops.
    async fn join<W: Worker>(&self, worker: &Arc<W>) -> Result<(), ProcessorError> {
        self.current.renew().await?;
        let mut consumer =
            join(self.group, &self.kafka, self.instance.as_deref(), self.router.clone())?;
        let mut workers = Workers::new();
        let ended = self.serve(&mut consumer, &mut workers, worker).await;
        workers.shutdown().await;
        self.progress.clear();
        consumer.close().await;
        ended
    }

    async fn serve<W: Worker>(
        &self,
        consumer: &mut Consumer,
        workers: &mut Workers,
        worker: &Arc<W>,
    ) -> Result<(), ProcessorError> {
        let (starts, mut wanted) = mpsc::channel::<Start>(16);
        let mut hint = interval(HINT);
        loop {
            tokio::select! {
                () = self.token.cancelled() => {
                    // Workers that wait for their stream need not wait any longer.
                    wanted.close();
                    while wanted.try_recv().is_ok() {}
                    return finish(workers).await;
                }
                _ = hint.tick() => self.commit_hint(consumer),
                change = consumer.next() => {
                    // Work under way is dropped: the next owner completes it.
                    workers.shutdown().await;
                    self.progress.clear();
                    let change = change?;
                    tracing::info!(sink = self.group.as_str(), ?change, "partitions have changed");
                    if let Ownership::Assigned(partitions) = change {
                        for partition in partitions {
                            let worker = Arc::clone(worker);
                            let starts = starts.clone();
                            let current = self.current.clone();
                            let token = self.token.clone();
                            let group = self.group;
                            workers.spawn(work(group, worker, current, partition, starts, token));
                        }
                    }
                }
                Some(start) = wanted.recv() => {
                    let stream = consumer.start(start.partition, start.offset).await;
                    // A worker that no longer waits was stopped.
                    drop(start.answer.send(stream));
                }
                Some(ended) = workers.join_next() => ended.map_err(ProcessorError::Worker)??,
            }
        }
    }

    fn commit_hint(&self, consumer: &Consumer) {
        failpoints::reach(Step::Commit);
        for (partition, next) in self.progress.offsets() {
            if let Err(error) = consumer.commit(partition, next) {
                tracing::debug!(%partition, %error, "could not commit an offset to Kafka");
            }
        }
    }
}

/// Waits for the batches under way.
async fn finish(workers: &mut Workers) -> Result<(), ProcessorError> {
    let all = async {
        while let Some(ended) = workers.join_next().await {
            ended.map_err(ProcessorError::Worker)??;
        }
        Ok(())
    };
    timeout(LAST_BATCH, all).await.unwrap_or(Ok(()))
}

async fn work<W: Worker>(
    group: Group,
    worker: Arc<W>,
    current: CurrentGeneration,
    partition: Partition,
    starts: mpsc::Sender<Start>,
    token: CancellationToken,
) -> Result<(), ProcessorError> {
    let (mut state, offset) = tokio::select! {
        () = token.cancelled() => return Ok(()),
        taken = worker.take(partition) => taken?,
    };
    let held = match worker.history() {
        Some(history) => history.log_start(partition).await?.max(offset),
        None => offset,
    };
    let (answer, started) = oneshot::channel();
    // If the membership has ended, the sender of the answer is dropped too.
    drop(starts.send(Start { partition, offset: held, answer }).await);
    let Ok(stream) = started.await else { return Ok(()) };
    let mut stream = match stream {
        Ok(stream) => stream,
        // Revoked meanwhile.
        Err(StreamError::NotOwned(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    worker.begin(&mut state).await?;
    let expired = offset..held;
    if !read_expired(group, &*worker, &mut state, &current, partition, expired, &token).await? {
        return worker.end(&mut state).await;
    }
    tracing::debug!(%partition, %offset, "working");
    loop {
        let gather = worker.gather(&mut state).await;
        match gather.next(&mut stream, &token).await? {
            Gathered::Entries(entries) => {
                current.confirm().await?;
                in_span(span(group, &entries), worker.process(&mut state, entries)).await?;
            }
            Gathered::Nothing => worker.on_quiet(&mut state).await?,
            Gathered::Ended => return worker.end(&mut state).await,
        }
    }
}

/// Starts the span of a batch, if a record of it comes from a recorded request. The archive makes a batch, its
/// object, of several of these.
fn span(group: Group, entries: &[Entry]) -> Option<TraceSpan> {
    if group == Group::Archive {
        return None;
    }
    let traceparents = entries.iter().filter_map(|entry| entry.record().traceparent());
    TraceSpan::of_batch(group.as_str(), entries.len(), traceparents)
}

/// Passes records that expired in the log to the worker, before those that the log still holds.
/// Returns `false` when the process stops first. Records that cannot be read are waited for.
async fn read_expired<W: Worker>(
    group: Group,
    worker: &W,
    state: &mut W::State,
    current: &CurrentGeneration,
    partition: Partition,
    range: Range<Offset>,
    token: &CancellationToken,
) -> Result<bool, ProcessorError> {
    let Some(history) = worker.history() else { return Ok(true) };
    let mut records = history.read_log(partition, range.clone());
    let mut next = range.start;
    let mut wait = history.wait(partition);
    while !token.is_cancelled() {
        let limit = worker.gather(state).await.limit.min(EXPIRED_LIMIT);
        match records.next(limit).await {
            Ok(Some(entries)) => {
                next = entries.last().map_or(next, |entry| entry.offset().next());
                wait = history.wait(partition);
                current.confirm().await?;
                in_span(span(group, &entries), worker.process(state, entries)).await?;
            }
            Ok(None) => return Ok(true),
            Err(error) => {
                tokio::select! {
                    () = token.cancelled() => return Ok(false),
                    waited = wait.wait_out(error) => waited?,
                }
                records = history.read_log(partition, next..range.end);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
