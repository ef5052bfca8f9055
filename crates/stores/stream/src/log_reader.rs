use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use log::{Offset, Partition};
use rdkafka::{
    Offset as KafkaOffset, TopicPartitionList,
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use tenancy::TenantRouter;

use crate::{
    KafkaSettings, PartitionStream, StreamError, TopicId,
    consumer::{Buffer, End, is_final},
    coordinates::{self, kafka_offset, kafka_partition},
    driver_log::DriverContext,
    login::Login,
    record::{RecordCopier, RecordParts},
    topic_id,
    topics::{PARKED_PARTITIONS, REJECTS_PARTITIONS},
};

/// With its default context, the driver would log an error at each end of a partition.
type Client = BaseConsumer<DriverContext>;

/// How long one request may take, and how long a range waits at an early end of the partition.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long one poll waits for a record, and how often a full buffer is checked for room.
const POLL: Duration = Duration::from_millis(50);

/// Finds the bounds of the log and reads ranges of it, outside of any consumer group. Cloning
/// shares the connections.
#[derive(Clone)]
pub struct LogReader {
    client: Arc<Client>,
    config: ClientConfig,
    login: Login,
    topic: Arc<str>,
    partitions: u16,
    router: TenantRouter,
}

impl LogReader {
    /// How long the log of parked events keeps them at least.
    pub const PARKED_FOR: TimeDelta = TimeDelta::days(7);

    /// Creates a reader of the log of events that `settings` describe. Connects in the background.
    pub fn new(settings: &KafkaSettings, router: TenantRouter) -> Result<Self, StreamError> {
        Self::of(settings, &settings.events_topic, settings.partitions, router)
    }

    /// Creates a reader of the log of rejects.
    pub fn of_rejects(settings: &KafkaSettings, router: TenantRouter) -> Result<Self, StreamError> {
        Self::of(settings, &settings.rejects_topic, REJECTS_PARTITIONS, router)
    }

    /// Creates a reader of the log of parked events.
    pub fn of_parked(settings: &KafkaSettings, router: TenantRouter) -> Result<Self, StreamError> {
        Self::of(settings, &settings.parked_topic, PARKED_PARTITIONS, router)
    }

    fn of(
        settings: &KafkaSettings,
        topic: &str,
        partitions: u16,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        let mut config = settings.reader();
        // The client subscribes to nothing. It asks for a partition again, which a broker in trouble said
        // it did not have, only when that answer has expired: by default, after a quarter of an hour.
        config
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("metadata.max.age.ms", "30000");
        let login = settings.login();
        let client: Client = config
            .create_with_context(DriverContext { login: login.clone() })
            .map_err(StreamError::kafka("create a reader"))?;
        let client = Arc::new(client);
        login.keep(&client)?;
        Ok(Self { client, config, login, topic: topic.into(), partitions, router })
    }

    /// Returns the name of the topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the number of partitions of the log.
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// Returns the topic's current id.
    pub async fn topic_id(&self) -> Result<TopicId, StreamError> {
        self.ask("describe a topic", |client, topic| {
            Ok(topic_id::describe(client.client(), topic, TIMEOUT)?.id)
        })
        .await
    }

    /// Returns the offsets of a partition: from its first record to one past its last.
    pub async fn bounds(&self, partition: Partition) -> Result<Range<Offset>, StreamError> {
        self.ask("read the bounds of a partition", move |client, topic| {
            let (low, high) =
                client.fetch_watermarks(topic, kafka_partition(partition), TIMEOUT)?;
            Ok(offset(low)..offset(high))
        })
        .await
    }

    /// Returns one past the last record of every partition, by a single request.
    ///
    /// A reader that has reached these offsets has read every record that was in the log when the
    /// request was sent.
    pub async fn ends(&self) -> Result<Vec<(Partition, Offset)>, StreamError> {
        let partitions = self.partitions;
        self.ask("read the ends of the log", move |client, topic| {
            let mut list = TopicPartitionList::new();
            for partition in Partition::all(partitions) {
                list.add_partition_offset(topic, kafka_partition(partition), KafkaOffset::End)?;
            }
            let answer = client.offsets_for_times(list, TIMEOUT)?;
            answer
                .elements()
                .iter()
                .map(|element| {
                    element.error()?;
                    let partition = coordinates::partition(element.partition());
                    let end = offset(element.offset().to_raw().unwrap_or(0));
                    Ok((partition.unwrap_or(Partition::new(0)), end))
                })
                .collect()
        })
        .await
    }

    /// Returns the first offset appended at `time` or later; the end of the partition when there is
    /// none.
    pub async fn offset_for_time(
        &self,
        partition: Partition,
        time: DateTime<Utc>,
    ) -> Result<Offset, StreamError> {
        self.ask("find an offset by time", move |client, topic| {
            let mut list = TopicPartitionList::new();
            let wanted = KafkaOffset::Offset(time.timestamp_millis().max(0));
            list.add_partition_offset(topic, kafka_partition(partition), wanted)?;
            let answer = client.offsets_for_times(list, TIMEOUT)?;
            for element in answer.elements() {
                element.error()?;
                if let KafkaOffset::Offset(found) = element.offset() {
                    return Ok(offset(found));
                }
            }
            let (_, high) = client.fetch_watermarks(topic, kafka_partition(partition), TIMEOUT)?;
            Ok(offset(high))
        })
        .await
    }

    /// Reads `range` of a partition, then ends. Fails when the log does not contain all of it.
    pub fn read_range(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<PartitionStream, StreamError> {
        let buffer = Arc::<Buffer>::default();
        let stream = PartitionStream::new(partition, Arc::clone(&buffer), self.router.clone());
        let config = self.config.clone();
        let login = self.login.clone();
        let topic = Arc::clone(&self.topic);
        std::thread::Builder::new()
            .name("read-range".to_owned())
            .spawn(move || {
                let read = copy_range(config, login, &topic, partition, range, &buffer);
                buffer.end(read.map_or_else(End::Failed, |()| End::Complete));
            })
            .map_err(|error| StreamError::Thread(Box::new(error)))?;
        Ok(stream)
    }

    async fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        request: impl FnOnce(&Client, &str) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, StreamError> {
        let client = Arc::clone(&self.client);
        let topic = Arc::clone(&self.topic);
        let asked = tokio::task::spawn_blocking(move || request(&client, &topic));
        asked.await.map_err(StreamError::task)?.map_err(StreamError::kafka(doing))
    }
}

/// Returns Kafka's `number` as an offset; 0 where it is none.
fn offset(number: i64) -> Offset {
    coordinates::offset(number).unwrap_or(Offset::ZERO)
}

/// Reads until the range is complete or its stream is dropped.
fn copy_range(
    mut config: ClientConfig,
    login: Login,
    topic: &str,
    partition: Partition,
    range: Range<Offset>,
    buffer: &Buffer,
) -> Result<(), StreamError> {
    if range.is_empty() {
        return Ok(());
    }
    let gone = || StreamError::Gone { partition, offset: range.start };
    // The driver requires a group's name, but joins no group without a subscription.
    let client: Client = config
        .set("group.id", "footfall-range")
        .set("enable.partition.eof", "true")
        .create_with_context(DriverContext { login: login.clone() })
        .map_err(StreamError::kafka("create a reader"))?;
    login.serve(&client);
    let bounds = client
        .fetch_watermarks(topic, kafka_partition(partition), TIMEOUT)
        .map_err(StreamError::kafka("read a range"))?;
    let holds = |(low, high): (i64, i64)| {
        coordinates::offset(low).is_some_and(|low| low <= range.start)
            && coordinates::offset(high).is_some_and(|high| high >= range.end)
    };
    if !holds(bounds) {
        return Err(gone());
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, kafka_partition(partition), kafka_offset(range.start))
        .and_then(|()| client.assign(&list))
        .map_err(StreamError::kafka("read a range"))?;
    let mut quiet_since = None;
    let mut copier = RecordCopier::new(RecordParts::All);
    while !buffer.is_ended() {
        match client.poll(POLL) {
            Some(Ok(message)) => {
                quiet_since = None;
                let Some(record) = copier.copy(&message) else {
                    continue;
                };
                let offset = record.offset;
                if offset >= range.end {
                    return Ok(());
                }
                let full = buffer.extend([record]);
                if offset.next() == range.end {
                    return Ok(());
                }
                if full {
                    wait_for_room(buffer);
                }
            }
            // Not a reason to end: a new leader may not know the end of the log yet.
            Some(Err(KafkaError::PartitionEOF(_))) => {
                quiet_since.get_or_insert_with(Instant::now);
            }
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset))) => {
                return Err(gone());
            }
            Some(Err(error)) if is_final(&error) => {
                return Err(StreamError::kafka("read a range")(error));
            }
            Some(Err(_)) | None => {}
        }
        if quiet_since.is_some_and(|since| since.elapsed() > TIMEOUT) {
            // The last offsets of the range hold no record, unless the log is shorter by now.
            let bounds = client.fetch_watermarks(topic, kafka_partition(partition), TIMEOUT);
            let bounds = bounds.map_err(StreamError::kafka("read a range"))?;
            return if holds(bounds) { Ok(()) } else { Err(gone()) };
        }
    }
    Ok(())
}

fn wait_for_room(buffer: &Buffer) {
    while !buffer.has_room() && !buffer.is_ended() {
        std::thread::sleep(POLL);
    }
}
