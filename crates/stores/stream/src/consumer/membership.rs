use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    iter,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use log::{Offset, Partition};
use rdkafka::{
    ClientContext, TopicPartitionList,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    types::RDKafkaRespErr,
};
use tokio::sync::mpsc;

use super::{Buffer, End, Ownership};
use crate::{LogRecord, StreamError, coordinates, driver_log::DriverLog, login::Login};

/// The partitions assigned to this member, and which of them are started.
///
/// librdkafka reports a new assignment and then waits, still sending heartbeats, for the offsets to
/// start from. It gets them once, when every assigned partition has an offset: after a partial list
/// it would look for offsets of its own.
pub(super) struct Membership {
    topic: Arc<str>,
    announce: mpsc::UnboundedSender<Result<Ownership, StreamError>>,
    login: Login,
    assignment: Mutex<Assignment>,
}

#[derive(Default)]
struct Assignment {
    /// Partitions without an offset yet.
    waiting: BTreeSet<Partition>,
    /// Partitions with their offsets.
    started: BTreeMap<Partition, Started>,
    /// How often all streams were ended.
    rebalances: u64,
}

struct Started {
    /// The first offset that was not delivered yet.
    offset: Offset,
    buffer: Arc<Buffer>,
    paused: bool,
}

impl Membership {
    pub(super) fn new(
        topic: Arc<str>,
        announce: mpsc::UnboundedSender<Result<Ownership, StreamError>>,
        login: Login,
    ) -> Self {
        Self { topic, announce, login, assignment: Mutex::default() }
    }

    /// Sets the offset of `partition`. Reading begins with the last partition of an assignment.
    pub(super) fn start(
        &self,
        client: &BaseConsumer<Self>,
        partition: Partition,
        offset: Offset,
    ) -> Result<Arc<Buffer>, StreamError> {
        let mut assignment = self.lock();
        if !assignment.waiting.remove(&partition) {
            return Err(StreamError::NotOwned(partition));
        }
        let buffer = Arc::<Buffer>::default();
        let started = Started { offset, buffer: Arc::clone(&buffer), paused: false };
        assignment.started.insert(partition, started);
        if assignment.waiting.is_empty() {
            let starts = assignment.started.iter().map(|(partition, it)| (*partition, it.offset));
            self.list(starts)
                .and_then(|list| client.assign(&list))
                .map_err(StreamError::kafka("start reading"))?;
        }
        Ok(buffer)
    }

    /// Returns how often this member's partitions have changed.
    pub(super) fn rebalances(&self) -> u64 {
        self.lock().rebalances
    }

    /// Passes records to their partitions' workers, and pauses a partition if its worker is behind.
    ///
    /// The records were polled after `rebalances` changes of the partitions. After another change
    /// they are dropped: a partition that came back is read again from its own offset.
    pub(super) fn deliver(
        &self,
        client: &BaseConsumer<Self>,
        rebalances: u64,
        records: impl IntoIterator<Item = LogRecord>,
    ) {
        let mut assignment = self.lock();
        if assignment.rebalances != rebalances {
            return;
        }
        let mut records = records.into_iter().peekable();
        while let Some(partition) = records.peek().map(|record| record.partition) {
            let run = iter::from_fn(|| records.next_if(|record| record.partition == partition));
            let Some(started) = assignment.started.get_mut(&partition) else {
                run.for_each(drop);
                continue;
            };
            let next = &mut started.offset;
            let new = run.filter(|record| {
                let is_new = record.offset >= *next;
                if is_new {
                    *next = record.offset.next();
                }
                is_new
            });
            if started.buffer.extend(new) && !started.paused {
                started.paused = self.change(partition, |list| client.pause(list));
            }
        }
    }

    /// Resumes the partitions whose workers have caught up. Returns whether others are paused.
    pub(super) fn resume(&self, client: &BaseConsumer<Self>) -> bool {
        let mut is_paused = false;
        for (partition, started) in &mut self.lock().started {
            if started.paused && started.buffer.has_room() {
                started.paused = !self.change(*partition, |list| client.resume(list));
            }
            is_paused |= started.paused;
        }
        is_paused
    }

    /// Releases all partitions. Without that, leaving the group would wait forever for an
    /// assignment that was not started.
    pub(super) fn leave(&self, client: &BaseConsumer<Self>) {
        self.end(client, &mut self.lock());
        if let Err(error) = client.unassign() {
            tracing::warn!(%error, "could not release the partitions");
        }
    }

    /// Reports to the consumer's owner that it cannot continue.
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
        let mut assignment = self.lock();
        self.end(client, &mut assignment);
        assignment.waiting = partitions;
        drop(assignment);
        let _ = self.announce.send(Ok(Ownership::Assigned(list)));
    }

    fn revoked(&self, client: &BaseConsumer<Self>, partitions: &BTreeSet<Partition>) {
        self.end(client, &mut self.lock());
        let list = partitions.iter().copied().collect();
        let _ = self.announce.send(Ok(Ownership::Revoked(list)));
    }

    /// Ends all streams. Resumes their partitions first, since librdkafka never forgets a pause.
    fn end(&self, client: &BaseConsumer<Self>, assignment: &mut Assignment) {
        assignment.rebalances += 1;
        assignment.waiting.clear();
        for (partition, started) in std::mem::take(&mut assignment.started) {
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
        let done = self.list([(partition, Offset::ZERO)]).and_then(|list| ask(&list));
        done.inspect_err(|error| tracing::warn!(%partition, %error, "could not pause or resume"))
            .is_ok()
    }

    fn list(
        &self,
        partitions: impl IntoIterator<Item = (Partition, Offset)>,
    ) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in partitions {
            let (partition, offset) =
                (coordinates::kafka_partition(partition), coordinates::kafka_offset(offset));
            list.add_partition_offset(&self.topic, partition, offset)?;
        }
        Ok(list)
    }

    fn lock(&self) -> MutexGuard<'_, Assignment> {
        self.assignment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Membership {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        DriverLog.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        DriverLog.error(error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.login.token().map_err(|error| -> Box<dyn Error> { error })
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
            .filter_map(|element| coordinates::partition(element.partition()))
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
