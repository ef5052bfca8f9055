use aggregates::AggregatesError;
use archive::ArchiveError;
use control_plane::{ControlPlaneError, LedgerError};
use recent_ids::RecentIdsError;
use stream::StreamError;
use tenancy::ClientId;
use warehouse::{InsertError, WarehouseError};

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
    /// Nobody can tell re-sends, as the disk did not do what was asked.
    #[error(transparent)]
    RecentIds(#[from] RecentIdsError),
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
    /// Records that are still needed are neither in the log nor in the archive.
    #[error(
        "the records of partition {partition} of log generation {kgen} from offset {first} on are \
         neither in the log nor in the archive"
    )]
    Lost {
        /// The generation of the log.
        kgen: u16,
        /// The partition.
        partition: u16,
        /// The first offset that is nowhere.
        first: u64,
    },
    /// The objects of the archive do not follow each other.
    #[error(
        "the records {first}-{last} of partition {partition} of log generation {kgen} are in no \
         object"
    )]
    Unarchived {
        /// The generation of the log.
        kgen: u16,
        /// The partition.
        partition: u16,
        /// The first offset that is in no object.
        first: u64,
        /// The last.
        last: u64,
    },
    /// ClickHouse did not answer.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// ClickHouse did not take what is missing.
    #[error(transparent)]
    Insert(#[from] InsertError),
    /// Somebody's insert into a range that is to be compared has been under way for long.
    #[error("an insert into {batch} has been under way for a minute")]
    Busy {
        /// The range and its tables.
        batch: String,
    },
    /// ClickHouse says that it has inserted the rows, and they are not there.
    #[error("rows of {batch} are missing, however often they are inserted")]
    Stubborn {
        /// The range and its tables.
        batch: String,
    },
    /// There is no such tenant, or no longer.
    #[error("there is no tenant {0}")]
    UnknownTenant(ClientId),
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
