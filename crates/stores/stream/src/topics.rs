use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    error::{KafkaError, RDKafkaErrorCode},
};

use crate::{
    KafkaSettings, StreamError, TopicId, driver_log::DriverContext,
    kafka_settings::MAX_RECORD_BYTES, topic_id,
};

type Admin = AdminClient<DriverContext>;

/// How long one administrative request may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long to wait before asking again about a new topic.
const PAUSE: Duration = Duration::from_millis(50);

/// The number of partitions of the topic of rejects: few, since rejects should be rare.
pub(crate) const REJECTS_PARTITIONS: u16 = 3;

/// The number of partitions of the topic of parked events: few, since they are bounded by day.
pub(crate) const PARKED_PARTITIONS: u16 = 3;

/// The settings that the log relies on: topics are created with them and checked for them.
const REQUIRED: [(&str, &str); 2] =
    [("cleanup.policy", "delete"), ("message.timestamp.type", "LogAppendTime")];

/// Seven days, in milliseconds. Parked events expire with it: `LogReader::PARKED_FOR`.
const RETENTION: &str = "604800000";

/// The topics of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// The id of the topic of events.
    pub events: TopicId,
    /// The id of the topic of rejects.
    pub rejects: TopicId,
    /// The topics that were created now.
    pub created: Vec<String>,
}

/// Ensures that all topics exist and have the settings that the log needs.
///
/// Missing topics are created; existing ones are checked and never altered. Safe to run repeatedly
/// and concurrently.
pub async fn ensure_topics(settings: &KafkaSettings) -> Result<Topics, StreamError> {
    let admin = Arc::new(connect(settings).await?);
    let wanted = [
        (settings.events_topic.as_str(), settings.partitions),
        (settings.rejects_topic.as_str(), REJECTS_PARTITIONS),
        (settings.parked_topic.as_str(), PARKED_PARTITIONS),
    ];
    let created = create(&admin, settings.replication, wanted).await?;
    for (topic, _) in wanted {
        once_known(|| check_settings(&admin, topic)).await?;
    }
    let [(events, count), (rejects, few), (parked, few_parked)] = wanted;
    let events = once_known(|| check_partitions(&admin, events, count)).await?;
    let rejects = once_known(|| check_partitions(&admin, rejects, few)).await?;
    once_known(|| check_partitions(&admin, parked, few_parked)).await?;
    Ok(Topics { events, rejects, created })
}

/// Deletes all topics with all records: for temporary logs.
pub async fn delete_topics(settings: &KafkaSettings) -> Result<(), StreamError> {
    let doing = "delete the topics";
    let admin = connect(settings).await?;
    let KafkaSettings { events_topic, rejects_topic, parked_topic, .. } = settings;
    let topics = [events_topic, rejects_topic, parked_topic].map(String::as_str);
    let results =
        admin.delete_topics(&topics, &options()).await.map_err(StreamError::kafka(doing))?;
    for result in results {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
            Err((_, code)) => return Err(StreamError::kafka(doing)(KafkaError::AdminOp(code))),
        }
    }
    Ok(())
}

async fn connect(settings: &KafkaSettings) -> Result<Admin, StreamError> {
    let login = settings.login();
    let admin: Admin = settings
        .client()
        .create_with_context(DriverContext { login: login.clone() })
        .map_err(StreamError::kafka("create an admin client"))?;
    login.prepare(admin.inner()).await?;
    Ok(admin)
}

async fn create(
    admin: &Admin,
    replication: u16,
    wanted: [(&str, u16); 3],
) -> Result<Vec<String>, StreamError> {
    let in_sync = if replication >= 3 { "2" } else { "1" };
    let largest = MAX_RECORD_BYTES.to_string();
    let topics = wanted.map(|(name, partitions)| {
        let replication = TopicReplication::Fixed(i32::from(replication));
        let topic = NewTopic::new(name, i32::from(partitions), replication)
            .set("retention.ms", RETENTION)
            .set("max.message.bytes", &largest)
            .set("min.insync.replicas", in_sync)
            .set("unclean.leader.election.enable", "false");
        REQUIRED.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
    });
    let doing = "create the topics";
    let results =
        admin.create_topics(&topics, &options()).await.map_err(StreamError::kafka(doing))?;
    let mut created = Vec::new();
    for result in results {
        match result {
            Ok(name) => created.push(name),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(StreamError::kafka(doing)(KafkaError::AdminOp(code))),
        }
    }
    Ok(created)
}

/// Repeats `ask` until all brokers know a new topic.
async fn once_known<T, F>(ask: impl Fn() -> F) -> Result<T, StreamError>
where
    F: Future<Output = Result<Option<T>, StreamError>>,
{
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            Ok(None) => {
                let late = KafkaError::AdminOp(RDKafkaErrorCode::UnknownTopicOrPartition);
                return Err(StreamError::kafka("wait for a new topic")(late));
            }
            Err(error) => return Err(error),
        }
    }
}

async fn check_settings(admin: &Admin, topic: &str) -> Result<Option<()>, StreamError> {
    let doing = "read a topic's settings";
    let answers = admin
        .describe_configs(&[ResourceSpecifier::Topic(topic)], &options())
        .await
        .map_err(StreamError::kafka(doing))?;
    for answer in answers {
        let found = match answer {
            Ok(found) if !found.entries.is_empty() => found,
            Ok(_) | Err(RDKafkaErrorCode::UnknownTopicOrPartition) => return Ok(None),
            Err(code) => return Err(StreamError::kafka(doing)(KafkaError::AdminOp(code))),
        };
        for (setting, wanted) in REQUIRED {
            let found = found.get(setting).and_then(|entry| entry.value.as_deref());
            if found != Some(wanted) {
                return Err(differs(topic, setting, found.unwrap_or_default(), wanted));
            }
        }
    }
    Ok(Some(()))
}

async fn check_partitions(
    admin: &Arc<Admin>,
    topic: &str,
    wanted: u16,
) -> Result<Option<TopicId>, StreamError> {
    let admin = Arc::clone(admin);
    let name = topic.to_owned();
    let described =
        tokio::task::spawn_blocking(move || topic_id::describe(admin.inner(), &name, TIMEOUT));
    let found = match described.await.map_err(StreamError::task)? {
        Ok(found) => found,
        Err(KafkaError::AdminOp(RDKafkaErrorCode::UnknownTopicOrPartition)) => return Ok(None),
        Err(error) => return Err(StreamError::kafka("describe a topic")(error)),
    };
    if found.partitions != usize::from(wanted) {
        let found = found.partitions.to_string();
        let wanted = wanted.to_string();
        return Err(differs(topic, "partitions", &found, &wanted));
    }
    Ok(Some(found.id))
}

fn differs(topic: &str, setting: &'static str, found: &str, wanted: &str) -> StreamError {
    StreamError::TopicDiffers {
        topic: topic.to_owned(),
        setting,
        found: found.to_owned(),
        wanted: wanted.to_owned(),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}
