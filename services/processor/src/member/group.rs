use std::{ops::Range, sync::Arc, time::Duration};

use failpoints::Step;
use stream::{Consumer, KafkaSettings, Offset, Ownership, Partition, PartitionStream, StreamError};
use tenancy::TenantRouter;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Gathered, Progress, Worker};
use crate::{ProcessorError, Sink, generation::Generation, retry::Pauses};

/// How long a batch under way may take when the process is asked to stop.
const LAST_BATCH: Duration = Duration::from_secs(10);

/// A membership that lasted this long was none that failed from the start.
const LASTED: Duration = Duration::from_secs(60);

/// How often Kafka is told how far the work is: a hint for tools that show lag, never read back.
const HINT: Duration = Duration::from_secs(2);

/// The most records of a batch that has left the log: an object of the archive is in memory besides.
const REFILL: usize = 20_000;

/// A member of a consumer group.
pub(crate) struct Member {
    pub(crate) kafka: KafkaSettings,
    pub(crate) router: TenantRouter,
    pub(crate) sink: Sink,
    /// The name it keeps over restarts.
    pub(crate) instance: Option<String>,
    pub(crate) generation: Generation,
    /// What the workers report to.
    pub(crate) progress: Progress,
    /// Cancelled when the process is to stop.
    pub(crate) token: CancellationToken,
}

/// A worker asks for its partition's records from `offset` on.
struct Start {
    partition: Partition,
    offset: Offset,
    answer: oneshot::Sender<Result<PartitionStream, StreamError>>,
}

type Workers = JoinSet<Result<(), ProcessorError>>;

impl Member {
    /// Works until the process is to stop. After a failure it leaves the group, waits and joins
    /// again: every partition is then taken anew, and what was begun is settled.
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
                () = pauses.wait_loudly(&error) => {}
            }
        }
    }

    /// One membership, to its end. `Ok` when the process is to stop.
    async fn join<W: Worker>(&self, worker: &Arc<W>) -> Result<(), ProcessorError> {
        self.generation.renew().await?;
        let mut consumer =
            self.sink.join(&self.kafka, self.instance.as_deref(), self.router.clone())?;
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
                    // Workers that wait to be started need not wait any longer.
                    wanted.close();
                    while wanted.try_recv().is_ok() {}
                    return finish(workers).await;
                }
                _ = hint.tick() => self.tell_kafka(consumer),
                change = consumer.next() => {
                    // Whatever is under way is dropped: the next owner settles it.
                    workers.shutdown().await;
                    self.progress.clear();
                    let change = change?;
                    tracing::info!(sink = self.sink.as_str(), ?change, "partitions have changed");
                    if let Ownership::Assigned(partitions) = change {
                        for partition in partitions {
                            let (worker, starts) = (Arc::clone(worker), starts.clone());
                            let (generation, token) = (self.generation.clone(), self.token.clone());
                            workers.spawn(work(worker, generation, partition, starts, token));
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

    fn tell_kafka(&self, consumer: &Consumer) {
        failpoints::reach(Step::Commit);
        for (partition, next) in self.progress.offsets() {
            if let Err(error) = consumer.commit(partition, next) {
                tracing::debug!(partition, %error, "kafka was not told how far the work is");
            }
        }
    }
}

/// Lets the batches under way come to their end.
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
    worker: Arc<W>,
    generation: Generation,
    partition: Partition,
    starts: mpsc::Sender<Start>,
    token: CancellationToken,
) -> Result<(), ProcessorError> {
    let (mut claim, offset) = tokio::select! {
        () = token.cancelled() => return Ok(()),
        claimed = worker.claim(partition) => claimed?,
    };
    let held = match worker.history() {
        Some(history) => history.log_start(partition).await?.max(offset),
        None => offset,
    };
    let (answer, started) = oneshot::channel();
    // Where nobody takes it any more, the answer is dropped with it.
    drop(starts.send(Start { partition, offset: held, answer }).await);
    let Ok(stream) = started.await else { return Ok(()) };
    let mut stream = match stream {
        Ok(stream) => stream,
        // Taken away meanwhile.
        Err(StreamError::NotOwned(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    worker.begin(&mut claim).await?;
    if !refill(&*worker, &mut claim, &generation, partition, offset..held, &token).await? {
        return worker.end(&mut claim).await;
    }
    tracing::debug!(partition, offset, "working");
    loop {
        match worker.gather(&claim).next(&mut stream, &token).await? {
            Gathered::Entries(entries) => {
                generation.confirm().await?;
                worker.process(&mut claim, entries).await?;
            }
            Gathered::Idle => worker.idle(&mut claim).await?,
            Gathered::Ended => return worker.end(&mut claim).await,
        }
    }
}

/// Takes records that have left the log through the worker, before those that it still holds;
/// `false` when the process is to stop before all are. What cannot be had is waited for.
async fn refill<W: Worker>(
    worker: &W,
    claim: &mut W::Claim,
    generation: &Generation,
    partition: Partition,
    range: Range<Offset>,
    token: &CancellationToken,
) -> Result<bool, ProcessorError> {
    let Some(history) = worker.history() else { return Ok(true) };
    let mut records = history.read_log(partition, range.clone());
    let mut next = range.start;
    let mut standstill = history.standstill(partition);
    while !token.is_cancelled() {
        match records.next(worker.gather(claim).limit.min(REFILL)).await {
            Ok(Some(entries)) => {
                next = entries.last().map_or(next, |entry| entry.offset() + 1);
                standstill = history.standstill(partition);
                generation.confirm().await?;
                worker.process(claim, entries).await?;
            }
            Ok(None) => return Ok(true),
            Err(error) => {
                tokio::select! {
                    () = token.cancelled() => return Ok(false),
                    waited = standstill.wait_out(error) => waited?,
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
