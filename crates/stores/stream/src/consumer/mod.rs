//! A member of a consumer group that says when partitions come and go, and reads them from where
//! it is told to.

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

use rdkafka::{
    Offset as KafkaOffset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};
use tenancy::TenantRouter;
use tokio::sync::{mpsc, oneshot};

pub(crate) use buffer::{Buffer, End};
pub use partition_stream::{PartitionBatch, PartitionStream};
pub(crate) use poll::is_final;

use crate::{KafkaSettings, Offset, Partition, StreamError};
use membership::Membership;

/// How long a consumer may take to leave its group before it is left to itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// What happened to this member's share of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// These partitions are ours from now on. Nothing is read before each has been started.
    Assigned(Vec<Partition>),
    /// These partitions are no longer ours: their streams have ended. Drop what is under way.
    Revoked(Vec<Partition>),
}

/// A member of a consumer group.
///
/// A thread of its own polls Kafka all the time, whatever its partitions' workers are doing, so a
/// slow sink is never taken for a dead one. Offsets are the caller's: none is read from Kafka.
pub struct Consumer {
    /// The polling thread's: it is dropped there, for that waits for the brokers.
    client: Weak<Client>,
    topic: Arc<str>,
    router: TenantRouter,
    ownership: mpsc::UnboundedReceiver<Result<Ownership, StreamError>>,
    stop: Arc<AtomicBool>,
    stopped: oneshot::Receiver<()>,
}

type Client = BaseConsumer<Membership>;

impl Consumer {
    /// Joins `group` on the log of events. Connects in the background; partitions arrive through
    /// [`Self::next`].
    ///
    /// A member with the name of an `instance` gets its partitions back at once when it is
    /// restarted, without a rebalance; two at a time must not have the same name.
    pub fn join(
        settings: &KafkaSettings,
        group: &str,
        instance: Option<&str>,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        Self::join_on(settings, &settings.events_topic, group, instance, router)
    }

    /// Joins `group` on the log of rejects.
    pub fn join_rejects(
        settings: &KafkaSettings,
        group: &str,
        instance: Option<&str>,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        Self::join_on(settings, &settings.rejects_topic, group, instance, router)
    }

    fn join_on(
        settings: &KafkaSettings,
        topic: &str,
        group: &str,
        instance: Option<&str>,
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
            // The least that brokers allow by default: a dead member holds up the others this long.
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "2000")
            // How long a rebalance is held up at most, however many members die during it, or by a
            // broker that does not answer.
            .set("max.poll.interval.ms", "30000")
            .create_with_context(Membership::new(Arc::clone(&topic), announce))
            .map_err(StreamError::kafka("create a consumer"))?;
        client.subscribe(&[&topic]).map_err(StreamError::kafka("join the group"))?;
        let client = Arc::new(client);
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, stopped) = oneshot::channel();
        let (ours, thread_stop) = (Arc::downgrade(&client), Arc::clone(&stop));
        std::thread::Builder::new()
            .name(format!("poll-{group}"))
            .spawn(move || {
                poll::run(&client, &thread_stop);
                // Leaves the group, and waits for that.
                drop(client);
                let _ = ended.send(());
            })
            .map_err(|error| StreamError::Thread(Box::new(error)))?;
        Ok(Self { client: ours, topic, router, ownership, stop, stopped })
    }

    /// The next change of ownership. May be dropped while waiting.
    ///
    /// An error is final: the log is not as it must be, or this member is refused.
    pub async fn next(&mut self) -> Result<Ownership, StreamError> {
        match self.ownership.recv().await {
            Some(change) => change,
            None => Err(StreamError::Thread("the polling thread has ended".into())),
        }
    }

    /// Starts an assigned partition at `offset`.
    ///
    /// Kafka is told once for the whole assignment, so records flow when the last assigned
    /// partition has been started. The group waits for that, too: nobody's share changes before.
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

    /// Tells Kafka how far a partition has come. A hint for tools that show lag, never read back.
    pub fn commit(&self, partition: Partition, next: Offset) -> Result<(), StreamError> {
        let client = self.client()?;
        let offset = KafkaOffset::Offset(next.try_into().unwrap_or(i64::MAX));
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(&self.topic, i32::from(partition), offset)
            .and_then(|()| client.commit(&offsets, CommitMode::Async))
            .map_err(StreamError::kafka("commit an offset"))
    }

    /// Leaves the group. Gives up waiting after five seconds: the brokers notice by themselves.
    pub async fn close(mut self) {
        self.leave();
        if tokio::time::timeout(FAREWELL, &mut self.stopped).await.is_err() {
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
