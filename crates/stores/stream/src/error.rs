use log::{Offset, Partition};
use rdkafka::error::KafkaError;
use tenancy::DirectoryError;

/// The log could not be reached, or is not as required.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// An operation of Kafka failed; worth trying again.
    #[error("kafka: could not {doing}")]
    Kafka {
        /// The operation.
        doing: &'static str,
        /// Why not.
        #[source]
        source: KafkaError,
    },
    /// AWS gave no credentials for the login by IAM; worth trying again.
    #[error("kafka: no credentials for the login by IAM")]
    Login(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An existing topic does not have the settings that the log needs. Only an operator can
    /// change it.
    #[error("topic {topic} has {setting} = {found}, but the log needs {wanted}")]
    TopicDiffers {
        /// The topic.
        topic: String,
        /// The setting.
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
        /// The first requested offset.
        offset: Offset,
    },
    /// A later member has joined with the name of this one: another process, or this one again
    /// after a broker died before it answered.
    #[error("a later member has joined with the name of this instance")]
    NameTaken,
    /// The partition was revoked before it could be started.
    #[error("partition {0} is not assigned to this member")]
    NotOwned(Partition),
    /// The tenants of the records could not be looked up. Trying again loses no record.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A record that was stored to be sent later has a format that this version does not know.
    #[error("a stored record has an unknown format")]
    UnknownFormat,
    /// A thread of this crate could not be started or has ended.
    #[error("a thread that serves the log is not running")]
    Thread(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StreamError {
    /// Returns the error of a failed operation, for `map_err`.
    pub(crate) fn kafka(doing: &'static str) -> impl FnOnce(KafkaError) -> Self {
        move |source| Self::Kafka { doing, source }
    }

    /// Returns the error of a task of blocking work that did not finish, for `map_err`.
    pub(crate) fn task(error: tokio::task::JoinError) -> Self {
        Self::Thread(Box::new(error))
    }
}
