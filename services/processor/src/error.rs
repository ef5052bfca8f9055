use aggregates::AggregatesError;
use archive::{ArchiveError, ReportFileError};
use control_plane::{ControlPlaneError, LedgerError};
use log::{LogPlace, LogRange};
use recent_ids::RecentIdsError;
use stream::StreamError;
use tenancy::ClientId;
use warehouse::{InsertError, MigrationError, WarehouseError};

/// Why work on a partition ended, or could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// Another owner has the partition, or Redis needs it read from an earlier offset.
    #[error("the partition has to be taken again: {0}")]
    Retake(&'static str),
    /// The records were to be written on a route that is no longer that of their tenant.
    #[error("the route of a tenant has changed")]
    Rerouted,
    /// The control plane is unavailable.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// The log is unavailable, or not in the required form.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Redis is unavailable.
    #[error(transparent)]
    Aggregates(#[from] AggregatesError),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The files of reports could not be removed.
    #[error(transparent)]
    ReportFile(#[from] ReportFileError),
    /// Re-sends cannot be recognised, because the disk failed.
    #[error(transparent)]
    RecentIds(#[from] RecentIdsError),
    /// A planned batch cannot be read again as it was planned.
    #[error("the plan {range} has {planned} rows, its records in the log {found}")]
    PlanDiffers {
        /// The planned range.
        range: LogRange,
        /// Rows planned.
        planned: u64,
        /// Rows that the log's records make.
        found: u64,
    },
    /// Records that are still needed are neither in the log nor in the archive, from this place on.
    #[error("the records from {0} on are neither in the log nor in the archive")]
    Lost(LogPlace),
    /// The objects of the archive do not follow each other.
    #[error("the records {0} are in no object of the archive")]
    Unarchived(LogRange),
    /// ClickHouse is unavailable.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The tables of a moved tenant could not be created.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// ClickHouse did not accept missing rows.
    #[error(transparent)]
    Insert(#[from] InsertError),
    /// An insert into a range to be compared has been running for too long.
    #[error("an insert into {batch} has been running for a minute")]
    Busy {
        /// The range and its tables.
        batch: String,
    },
    /// ClickHouse confirmed an insert whose rows are not there.
    #[error("rows of {batch} are missing after repeated inserts")]
    Stubborn {
        /// The range and its tables.
        batch: String,
    },
    /// The tenant does not exist.
    #[error("the tenant {0} does not exist")]
    UnknownTenant(ClientId),
    /// The key of the tenant's persons cannot be opened: nobody can tell which of its records are of erased persons.
    #[error("the key of the persons of {0} cannot be opened, so its records wait")]
    InDoubt(ClientId),
    /// Parked events could not be written into the log of events now, or the tables lag too far behind it to tell which
    /// of them it has.
    #[error("parked events could not be released")]
    Unreleased,
    /// A worker panicked.
    #[error("a worker ended unexpectedly")]
    Worker(#[source] tokio::task::JoinError),
}

impl From<LedgerError> for ProcessorError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Fenced => Self::Retake("the lease was lost"),
            LedgerError::Rerouted => Self::Rerouted,
            LedgerError::ControlPlane(error) => Self::ControlPlane(error),
        }
    }
}

impl ProcessorError {
    /// What an operator can do when records of the past cannot be read as they are needed; `None`
    /// for any other error.
    pub(crate) const fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Lost(_) => Some(
                "restore the records to the archive: they expired in the log before they were \
                 stored",
            ),
            Self::PlanDiffers { .. } => {
                Some("restore the records and their tenants' placements to what they were")
            }
            Self::Archive(ArchiveError::DataKeys(_)) => Some(
                "make PostgreSQL available, and give the processors the key encryption key that \
                 `footfall keys status` misses",
            ),
            Self::Archive(_) => Some("make the archive readable again"),
            _ => None,
        }
    }
}
