use std::fmt;

use tenancy::ClusterName;

/// The error below an error of this crate.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A query of ClickHouse failed.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// No cluster of that name is registered.
    #[error("the cluster {0} is not registered")]
    UnknownCluster(ClusterName),
    /// The tenant already runs as many reports as it may, and none of them ended in time.
    #[error("the tenant has too many reports running")]
    Busy,
    /// The server is unreachable or overloaded; a retry can succeed.
    #[error("the warehouse is unavailable")]
    Unavailable(#[source] Cause),
    /// The query hit a limit.
    #[error("the query exceeds a limit: {0}")]
    TooExpensive(QueryLimit, #[source] Cause),
    /// The server refused the query.
    #[error("the warehouse refused the query")]
    Refused(#[source] Cause),
}

/// A limit of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryLimit {
    /// How long it may take.
    Time,
    /// The memory that it may take.
    Memory,
    /// How many rows it may read.
    Read,
    /// How many rows or bytes its answer may have.
    Answer,
}

impl fmt::Display for QueryLimit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Read => "rows read",
            Self::Answer => "size of the answer",
        })
    }
}

/// An insert was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// Some or all rows may be stored: read back before anything else.
    #[error("it is in doubt whether the batch was stored")]
    InDoubt(#[source] Cause),
    /// No row was stored, and the same insert may be sent again.
    #[error("the batch did not reach the warehouse")]
    Retriable(#[source] Cause),
    /// No row was stored, and a retry fails the same way: the server refuses the content of a row.
    /// Its message is dropped because it may quote the row.
    #[error("the warehouse refused a row: code {code}")]
    Refused {
        /// The server's error code.
        code: u32,
    },
}

impl InsertError {
    /// Wraps an error after which no row was stored.
    pub fn retriable(cause: impl Into<Cause>) -> Self {
        Self::Retriable(cause.into())
    }
}

/// A database could not be brought to the current schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A file was changed after it had been applied.
    #[error("{file} was changed after it had been applied; add a new file instead")]
    Changed {
        /// The file.
        file: &'static str,
    },
    /// The server did not execute a file.
    #[error("{file} could not be applied")]
    Apply {
        /// The file.
        file: &'static str,
        /// The reason.
        #[source]
        source: WarehouseError,
    },
    /// A query before or between the files failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}
