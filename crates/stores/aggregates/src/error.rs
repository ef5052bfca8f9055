use redis::RedisError;

/// Redis did not do what was asked. Every call may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum AggregatesError {
    /// Away, too slow, or refusing.
    #[error("redis did not answer as it should")]
    Redis(#[from] RedisError),
    /// A script or a key gave something that no version of ours writes.
    #[error("redis holds what nobody of ours wrote: {0}")]
    Unreadable(String),
    /// The batch needs more script arguments than [`crate::MAX_BATCH_ARGUMENTS`]: cut it by offsets.
    #[error("the batch needs {0} script arguments, more than are allowed")]
    BatchTooLarge(usize),
}
