use rdkafka::error::KafkaError;
use tenancy::DirectoryError;

use crate::{Offset, Partition};

/// The log could not be reached, or is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Kafka did not do what was asked; worth asking again.
    #[error("kafka: could not {doing}")]
    Kafka {
        /// What was asked.
        doing: &'static str,
        /// Why not.
        #[source]
        source: KafkaError,
    },
    /// An existing topic is not as the log must be. Only an operator can change it.
    #[error("topic {topic} has {setting} = {found}, but the log needs {wanted}")]
    TopicDiffers {
        /// The topic.
        topic: String,
        /// The setting in question.
        setting: &'static str,
        /// Its value.
        found: String,
        /// The value it must have.
        wanted: String,
    },
    /// Records that are still needed have left the log, or the log was recreated.
    #[error("the log no longer has offset {offset} of partition {partition}")]
    Gone {
        /// The partition.
        partition: Partition,
        /// The first offset that was asked for.
        offset: Offset,
    },
    /// A member has joined under the name of this one: another process, or this one, where a broker
    /// died before it had answered.
    #[error("a later member has the name of this instance")]
    NameTaken,
    /// The partition was taken away before it could be started.
    #[error("partition {0} is not ours")]
    NotOwned(Partition),
    /// Nobody could tell whose the records are; ask again and nothing is lost.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A record that was kept to be sent later is not of a form that this program knows.
    #[error("a kept record has an unknown form")]
    UnknownForm,
    /// A thread of ours could not be started or has ended.
    #[error("the log's own thread is gone")]
    Thread(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StreamError {
    /// For `map_err`: Kafka could not do `doing`.
    pub(crate) fn kafka(doing: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self::Kafka { doing, source }
    }

    /// For `map_err` on a task that was to do blocking work.
    pub(crate) fn task(error: tokio::task::JoinError) -> Self {
        Self::Thread(Box::new(error))
    }
}
