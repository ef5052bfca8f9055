use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rdkafka::{
    ClientContext, Offset as KafkaOffset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    types::RDKafkaRespErr,
};
use tokio::sync::mpsc;

use super::{Buffer, End, Ownership};
use crate::{LogRecord, Offset, Partition, StreamError, driver_log::DriverLog};

/// What this member owns, and how far its start has come.
///
/// librdkafka reports a new assignment and then waits, heartbeats going on, until it is told where
/// to start. That happens once, when every assigned partition has been given its offset: telling
/// it twice would make it look for offsets of its own in between.
pub(super) struct Membership {
    topic: Arc<str>,
    announce: mpsc::UnboundedSender<Result<Ownership, StreamError>>,
    share: Mutex<Share>,
}

#[derive(Default)]
struct Share {
    /// Assigned, and not yet given an offset.
    awaited: BTreeSet<Partition>,
    /// Given an offset.
    started: BTreeMap<Partition, Started>,
}

struct Started {
    offset: Offset,
    buffer: Arc<Buffer>,
    paused: bool,
}

impl Membership {
    pub(super) fn new(
        topic: Arc<str>,
        announce: mpsc::UnboundedSender<Result<Ownership, StreamError>>,
    ) -> Self {
        Self { topic, announce, share: Mutex::default() }
    }

    /// Gives `partition` its offset; the last of an assignment sets the reading going.
    pub(super) fn start(
        &self,
        client: &BaseConsumer<Self>,
        partition: Partition,
        offset: Offset,
    ) -> Result<Arc<Buffer>, StreamError> {
        let mut share = self.lock();
        if !share.awaited.remove(&partition) {
            return Err(StreamError::NotOwned(partition));
        }
        let buffer = Arc::<Buffer>::default();
        let started = Started { offset, buffer: Arc::clone(&buffer), paused: false };
        share.started.insert(partition, started);
        if share.awaited.is_empty() {
            let starts = share.started.iter().map(|(partition, it)| (*partition, it.offset));
            self.list(starts)
                .and_then(|list| client.assign(&list))
                .map_err(StreamError::kafka("start reading"))?;
        }
        Ok(buffer)
    }

    /// Hands a record to its partition's worker, and pauses the partition when that is behind.
    pub(super) fn deliver(&self, client: &BaseConsumer<Self>, record: LogRecord) {
        let mut share = self.lock();
        let (partition, offset) = (record.partition, record.offset);
        let Some(started) = share.started.get_mut(&partition) else {
            return;
        };
        if offset < started.offset {
            return;
        }
        started.offset = offset + 1;
        if started.buffer.push(record) && !started.paused {
            started.paused = self.change(partition, |list| client.pause(list));
        }
    }

    /// Reads on where workers have caught up.
    pub(super) fn resume(&self, client: &BaseConsumer<Self>) {
        for (partition, started) in &mut self.lock().started {
            if started.paused && started.buffer.has_room() {
                started.paused = !self.change(*partition, |list| client.resume(list));
            }
        }
    }

    /// Gives everything back. Leaving the group would wait for ever for an assignment that has not
    /// been started.
    pub(super) fn leave(&self, client: &BaseConsumer<Self>) {
        self.end(client, &mut self.lock());
        if let Err(error) = client.unassign() {
            tracing::warn!(%error, "could not give the partitions back");
        }
    }

    /// Tells the owner of the consumer that it cannot go on.
    pub(super) fn fail(&self, error: KafkaError) {
        let error = match error {
            KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::FencedInstanceId) => {
                StreamError::NameTaken
            }
            error => StreamError::kafka("read the log")(error),
        };
        let _ = self.announce.send(Err(error));
    }

    fn assigned(&self, client: &BaseConsumer<Self>, partitions: BTreeSet<Partition>) {
        let list = partitions.iter().copied().collect();
        let mut share = self.lock();
        self.end(client, &mut share);
        share.awaited = partitions;
        drop(share);
        let _ = self.announce.send(Ok(Ownership::Assigned(list)));
    }

    fn revoked(&self, client: &BaseConsumer<Self>, partitions: &BTreeSet<Partition>) {
        self.end(client, &mut self.lock());
        let list = partitions.iter().copied().collect();
        let _ = self.announce.send(Ok(Ownership::Revoked(list)));
    }

    /// Ends all streams. Partitions resume first: librdkafka would remember a pause for good.
    fn end(&self, client: &BaseConsumer<Self>, share: &mut Share) {
        share.awaited.clear();
        for (partition, started) in std::mem::take(&mut share.started) {
            if started.paused {
                self.change(partition, |list| client.resume(list));
            }
            started.buffer.end(End::Revoked);
        }
    }

    fn change(
        &self,
        partition: Partition,
        ask: impl FnOnce(&TopicPartitionList) -> Result<(), KafkaError>,
    ) -> bool {
        let done = self.list([(partition, 0)]).and_then(|list| ask(&list));
        done.inspect_err(|error| tracing::warn!(partition, %error, "could not pause or resume"))
            .is_ok()
    }

    fn list(
        &self,
        partitions: impl IntoIterator<Item = (Partition, Offset)>,
    ) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in partitions {
            let offset = KafkaOffset::Offset(offset.try_into().unwrap_or(i64::MAX));
            list.add_partition_offset(&self.topic, i32::from(partition), offset)?;
        }
        Ok(list)
    }

    fn lock(&self) -> MutexGuard<'_, Share> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        DriverLog.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        DriverLog.error(error, reason);
    }
}

impl ConsumerContext for Membership {
    fn rebalance(
        &self,
        client: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions: BTreeSet<_> = list
            .elements()
            .iter()
            .filter_map(|element| element.partition().try_into().ok())
            .collect();
        let assigned = what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if assigned && !partitions.is_empty() {
            return self.assigned(client, partitions);
        }
        if !assigned {
            self.revoked(client, &partitions);
        }
        let answered = if assigned { client.assign(list) } else { client.unassign() };
        if let Err(error) = answered {
            tracing::warn!(%error, "could not answer a rebalance");
        }
    }
}
