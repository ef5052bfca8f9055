use aggregates::AggregatesError;
use archive::ArchiveError;
use control_plane::{ControlPlaneError, LedgerError};
use stream::StreamError;

/// Why work on a partition ended, or could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// Another owner has the partition, or Redis needs it read from an earlier place.
    #[error("the partition has to be taken again: {0}")]
    Retake(&'static str),
    /// The control plane did not answer.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// The log did not answer, or is not as it must be.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Redis did not answer.
    #[error(transparent)]
    Aggregates(#[from] AggregatesError),
    /// The archive did not do what was asked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A planned batch cannot be read again as it was planned.
    #[error(
        "the plan {first}-{last} of partition {partition} says {planned} rows, the log {found}"
    )]
    PlanDiffers {
        /// The partition.
        partition: u16,
        /// The plan's first offset.
        first: u64,
        /// The plan's last offset.
        last: u64,
        /// Rows planned.
        planned: u64,
        /// Rows that the log's records make.
        found: u64,
    },
    /// A worker panicked.
    #[error("a worker ended unexpectedly")]
    Worker(#[source] tokio::task::JoinError),
}

impl From<LedgerError> for ProcessorError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Fenced => Self::Retake("the lease was lost"),
            LedgerError::ControlPlane(error) => Self::ControlPlane(error),
        }
    }
}
