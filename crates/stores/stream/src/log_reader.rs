use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use rdkafka::{
    Offset as KafkaOffset, TopicPartitionList,
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use tenancy::TenantRouter;

use crate::{
    KafkaSettings, LogRecord, Offset, Partition, PartitionStream, StreamError, TopicId,
    consumer::{Buffer, End, is_final},
    driver_log::DriverLog,
    topic_id,
    topics::REJECTS_PARTITIONS,
};

/// With the driver's own context, each end of a partition that it comes to would be an error in the
/// log.
type Client = BaseConsumer<DriverLog>;

/// How long the brokers may take for one question.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one poll waits for a record, and a reader for room in its buffer.
const POLL: Duration = Duration::from_millis(50);

/// Asks where the log begins and ends, and reads stretches of it, outside of any group. Cloning
/// shares the connections.
#[derive(Clone)]
pub struct LogReader {
    client: Arc<Client>,
    config: ClientConfig,
    topic: Arc<str>,
    partitions: Partition,
    router: TenantRouter,
}

impl LogReader {
    /// A reader of the log of events that `settings` describe. Connects in the background.
    pub fn new(settings: &KafkaSettings, router: TenantRouter) -> Result<Self, StreamError> {
        Self::of(settings, &settings.events_topic, settings.partitions, router)
    }

    /// A reader of the log of rejects.
    pub fn of_rejects(settings: &KafkaSettings, router: TenantRouter) -> Result<Self, StreamError> {
        Self::of(settings, &settings.rejects_topic, REJECTS_PARTITIONS, router)
    }

    fn of(
        settings: &KafkaSettings,
        topic: &str,
        partitions: Partition,
        router: TenantRouter,
    ) -> Result<Self, StreamError> {
        let config = settings.reader();
        let client: Client =
            config.create_with_context(DriverLog).map_err(StreamError::kafka("create a reader"))?;
        Ok(Self { client: Arc::new(client), config, topic: topic.into(), partitions, router })
    }

    /// The name of the topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// How many partitions the log has.
    pub fn partitions(&self) -> Partition {
        self.partitions
    }

    /// Which incarnation of the topic this is, now.
    pub async fn topic_id(&self) -> Result<TopicId, StreamError> {
        self.ask("describe a topic", |client, topic| {
            Ok(topic_id::describe(client.client(), topic, PATIENCE)?.id)
        })
        .await
    }

    /// The offsets a partition holds: from its first record to one past its last.
    pub async fn bounds(&self, partition: Partition) -> Result<Range<Offset>, StreamError> {
        self.ask("read the bounds of a partition", move |client, topic| {
            let (low, high) = client.fetch_watermarks(topic, i32::from(partition), PATIENCE)?;
            Ok(low.try_into().unwrap_or(0)..high.try_into().unwrap_or(0))
        })
        .await
    }

    /// One past the last record of every partition, asked in one go.
    ///
    /// Whoever has worked up to there has worked on everything that was in the log when the
    /// question was asked.
    pub async fn ends(&self) -> Result<Vec<(Partition, Offset)>, StreamError> {
        let partitions = self.partitions;
        self.ask("read the ends of the log", move |client, topic| {
            let mut list = TopicPartitionList::new();
            for partition in 0..partitions {
                list.add_partition_offset(topic, i32::from(partition), KafkaOffset::End)?;
            }
            let answer = client.offsets_for_times(list, PATIENCE)?;
            answer
                .elements()
                .iter()
                .map(|element| {
                    element.error()?;
                    let offset = element.offset().to_raw().unwrap_or(0);
                    Ok((
                        element.partition().try_into().unwrap_or(0),
                        offset.try_into().unwrap_or(0),
                    ))
                })
                .collect()
        })
        .await
    }

    /// The first offset appended at `time` or later; the end of the partition when there is none.
    pub async fn offset_for_time(
        &self,
        partition: Partition,
        time: DateTime<Utc>,
    ) -> Result<Offset, StreamError> {
        self.ask("find an offset by time", move |client, topic| {
            let mut list = TopicPartitionList::new();
            let wanted = KafkaOffset::Offset(time.timestamp_millis().max(0));
            list.add_partition_offset(topic, i32::from(partition), wanted)?;
            let answer = client.offsets_for_times(list, PATIENCE)?;
            for element in answer.elements() {
                element.error()?;
                if let KafkaOffset::Offset(offset) = element.offset() {
                    return Ok(offset.try_into().unwrap_or(0));
                }
            }
            let (_, high) = client.fetch_watermarks(topic, i32::from(partition), PATIENCE)?;
            Ok(high.try_into().unwrap_or(0))
        })
        .await
    }

    /// Reads `range` of a partition, then ends. Fails when the log does not hold all of it.
    pub fn read_range(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<PartitionStream, StreamError> {
        let buffer = Arc::<Buffer>::default();
        let stream = PartitionStream::new(partition, Arc::clone(&buffer), self.router.clone());
        let (config, topic) = (self.config.clone(), Arc::clone(&self.topic));
        std::thread::Builder::new()
            .name("read-range".to_owned())
            .spawn(move || {
                let read = copy_range(config, &topic, partition, range, &buffer);
                buffer.end(read.map_or_else(End::Failed, |()| End::Complete));
            })
            .map_err(|error| StreamError::Thread(Box::new(error)))?;
        Ok(stream)
    }

    async fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        question: impl FnOnce(&Client, &str) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, StreamError> {
        let (client, topic) = (Arc::clone(&self.client), Arc::clone(&self.topic));
        tokio::task::spawn_blocking(move || question(&client, &topic))
            .await
            .map_err(StreamError::task)?
            .map_err(StreamError::kafka(doing))
    }
}

/// Reads until the range is through or nobody wants it any more.
fn copy_range(
    mut config: ClientConfig,
    topic: &str,
    partition: Partition,
    range: Range<Offset>,
    buffer: &Buffer,
) -> Result<(), StreamError> {
    if range.is_empty() {
        return Ok(());
    }
    let gone = || StreamError::Gone { partition, offset: range.start };
    // A name is needed to read, but without a subscription no group is ever joined.
    let client: Client = config
        .set("group.id", "footfall-range")
        .set("enable.partition.eof", "true")
        .create_with_context(DriverLog)
        .map_err(StreamError::kafka("create a reader"))?;
    let bounds = client
        .fetch_watermarks(topic, i32::from(partition), PATIENCE)
        .map_err(StreamError::kafka("read a range"))?;
    let holds = |(low, high): (i64, i64)| {
        u64::try_from(low).is_ok_and(|low| low <= range.start)
            && u64::try_from(high).is_ok_and(|high| high >= range.end)
    };
    if !holds(bounds) {
        return Err(gone());
    }
    let mut list = TopicPartitionList::new();
    let start = KafkaOffset::Offset(range.start.try_into().unwrap_or(i64::MAX));
    list.add_partition_offset(topic, i32::from(partition), start)
        .and_then(|()| client.assign(&list))
        .map_err(StreamError::kafka("read a range"))?;
    let mut quiet_since = None;
    while !buffer.is_ended() {
        match client.poll(POLL) {
            Some(Ok(message)) => {
                quiet_since = None;
                let Some(record) = LogRecord::copy(&message) else {
                    continue;
                };
                let offset = record.offset;
                if offset >= range.end {
                    return Ok(());
                }
                let full = buffer.push(record);
                if offset + 1 == range.end {
                    return Ok(());
                }
                if full {
                    wait_for_room(buffer);
                }
            }
            // Too early: a new leader may not know yet how far the log goes.
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
        if quiet_since.is_some_and(|since| since.elapsed() > PATIENCE) {
            // The last offsets of the range hold no record, unless the log is shorter by now.
            let bounds = client.fetch_watermarks(topic, i32::from(partition), PATIENCE);
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
