use redis::RedisError;

/// A call to Redis failed. Every call may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum AggregatesError {
    /// Redis is unavailable, too slow, or refused the command.
    #[error("redis is unavailable or refused a command")]
    Redis(#[from] RedisError),
    /// Redis is unavailable, or did not answer as fast as a limit must be checked.
    #[error("redis did not answer in time")]
    Silent,
    /// A script or a key returned a value that no version of Footfall writes.
    #[error("redis returned a value that footfall does not write: {0}")]
    Unreadable(String),
    /// The batch needs more script arguments than [`crate::MAX_BATCH_ARGUMENTS`]: split it by
    /// offset.
    #[error("the batch needs {0} script arguments, more than are allowed")]
    BatchTooLarge(usize),
}
