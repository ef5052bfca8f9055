//! A member of a consumer group that reports assigned and revoked partitions, and reads them from
//! the offsets it is given.

mod buffer;
mod membership;
mod partition_stream;
mod poll;

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use log::{Offset, Partition};
use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};
use tenancy::TenantRouter;
use tokio::sync::{mpsc, oneshot};

pub(crate) use buffer::{Buffer, End};
pub use partition_stream::{PartitionBatch, PartitionStream};
pub(crate) use poll::is_final;

use crate::{KafkaSettings, RecordParts, StreamError, coordinates};
use membership::Membership;

/// How long to wait for a consumer to leave its group.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A change of this member's partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// These partitions belong to this member now. Nothing is read before each has been started.
    Assigned(Vec<Partition>),
    /// These partitions no longer belong to this member: their streams have ended. The caller must
    /// drop its unfinished work on them.
    Revoked(Vec<Partition>),
}

/// A member of a consumer group.
///
/// A dedicated thread polls Kafka all the time, however slow the partitions' workers are, so Kafka
/// never takes a member with a slow sink for dead. The caller provides all offsets: none is read
/// from Kafka.
pub struct Consumer {
    /// Owned by the polling thread, which also drops it, since that waits for the brokers.
    client: Weak<Client>,
    topic: Arc<str>,
    router: TenantRouter,
    ownership: mpsc::UnboundedReceiver<Result<Ownership, StreamError>>,
    stop: Arc<AtomicBool>,
    stopped: oneshot::Receiver<()>,
}

type Client = BaseConsumer<Membership>;

impl Consumer {
    /// Joins `group` on the log of events, and reads `parts` of its records. Connects in the
    /// background; partitions arrive through [`Self::next`].
    ///
    /// A restarted member with the name of an `instance` gets its partitions back at once, without
    /// a rebalance. No two running members may have the same name.
    pub fn join(
        settings: &KafkaSettings,
        group: &str,
        instance: Option<&str>,
        parts: RecordParts,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        Self::join_on(settings, &settings.events_topic, group, instance, parts, router)
    }

    /// Joins `group` on the log of rejects.
    pub fn join_rejects(
        settings: &KafkaSettings,
        group: &str,
        instance: Option<&str>,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        let topic = &settings.rejects_topic;
        Self::join_on(settings, topic, group, instance, RecordParts::All, router)
    }

    fn join_on(
        settings: &KafkaSettings,
        topic: &str,
        group: &str,
        instance: Option<&str>,
        parts: RecordParts,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        let (announce, ownership) = mpsc::unbounded_channel();
        let topic = Arc::<str>::from(topic);
        let mut config = settings.reader();
        if let Some(instance) = instance {
            config.set("group.instance.id", instance);
        }
        let client: Client = config
            .set("group.id", group)
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "range")
            // The minimum that brokers allow by default: a dead member blocks the others this long.
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "2000")
            // The longest delay of a rebalance by members that die during it or by a broker that
            // does not answer.
            .set("max.poll.interval.ms", "30000")
            .create_with_context(Membership::new(Arc::clone(&topic), announce, settings.login()))
            .map_err(StreamError::kafka("create a consumer"))?;
        client.subscribe(&[&topic]).map_err(StreamError::kafka("join the group"))?;
        let client = Arc::new(client);
        let stop = Arc::new(AtomicBool::new(false));
        let (report_end, stopped) = oneshot::channel();
        let weak = Arc::downgrade(&client);
        let thread_stop = Arc::clone(&stop);
        std::thread::Builder::new()
            .name(format!("poll-{group}"))
            .spawn(move || {
                poll::run(&client, parts, &thread_stop);
                // Leaves the group, and waits for that.
                drop(client);
                let _ = report_end.send(());
            })
            .map_err(|error| StreamError::Thread(Box::new(error)))?;
        Ok(Self { client: weak, topic, router, ownership, stop, stopped })
    }

    /// Waits for the next change of ownership. May be dropped while waiting.
    ///
    /// An error is final: the log is not as required, or the brokers refuse this member.
    pub async fn next(&mut self) -> Result<Ownership, StreamError> {
        match self.ownership.recv().await {
            Some(change) => change,
            None => Err(StreamError::Thread("the polling thread has ended".into())),
        }
    }

    /// Starts an assigned partition at `offset`.
    ///
    /// Kafka gets the offsets of the whole assignment at once, so reading begins when the last
    /// assigned partition has been started. The group waits for that, too: no member's
    /// partitions change before.
    pub async fn start(
        &self,
        partition: Partition,
        offset: Offset,
    ) -> Result<PartitionStream, StreamError> {
        let client = self.client()?;
        let buffer =
            tokio::task::spawn_blocking(move || client.context().start(&client, partition, offset))
                .await
                .map_err(StreamError::task)??;
        Ok(PartitionStream::new(partition, buffer, self.router.clone()))
    }

    /// Commits a partition's next offset to Kafka: a hint for tools that show lag, never read back.
    pub fn commit(&self, partition: Partition, next: Offset) -> Result<(), StreamError> {
        let client = self.client()?;
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(
                &self.topic,
                coordinates::kafka_partition(partition),
                coordinates::kafka_offset(next),
            )
            .and_then(|()| client.commit(&offsets, CommitMode::Async))
            .map_err(StreamError::kafka("commit an offset"))
    }

    /// Leaves the group. Waits at most five seconds: the brokers detect a lost member themselves.
    pub async fn close(mut self) {
        self.leave();
        if tokio::time::timeout(LEAVE_TIMEOUT, &mut self.stopped).await.is_err() {
            tracing::warn!("the consumer did not leave its group in time");
        }
    }

    fn leave(&self) {
        self.stop.store(true, Ordering::Release);
    }

    fn client(&self) -> Result<Arc<Client>, StreamError> {
        let ended = || StreamError::Thread("the polling thread has ended".into());
        self.client.upgrade().ok_or_else(ended)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.leave();
    }
}
