use tenancy::ClusterName;

/// What lies below an error of this crate.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A question to ClickHouse got no answer.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// No cluster of that name is registered.
    #[error("the cluster {0} is not registered")]
    UnknownCluster(ClusterName),
    /// The tenant runs as many reports as it may, and none of them ended in time.
    #[error("the tenant has too many reports running")]
    Busy,
    /// The server is away or overloaded; worth asking again.
    #[error("the warehouse is unavailable")]
    Unavailable(#[source] Cause),
    /// The question took more time or memory than it may, or would read more than it may.
    #[error("the query is too expensive")]
    TooExpensive(#[source] Cause),
    /// The server refused the question.
    #[error("the warehouse refused the query")]
    Refused(#[source] Cause),
}

/// A batch is not known to have landed.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// It may have landed, in whole or in part: read back before anything else.
    #[error("it is in doubt whether the batch landed")]
    Doubtful(#[source] Cause),
    /// Nothing of it landed, and it may be sent again as it is.
    #[error("the batch did not reach the warehouse")]
    Retriable(#[source] Cause),
    /// Nothing of it landed, and nothing will as it is: the server takes exception to what is in some
    /// row. Its words are not kept, for they may quote the row.
    #[error("the warehouse refused a row: code {code}")]
    Refused {
        /// The server's code.
        code: u32,
    },
}

/// A database could not be brought to the present schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A file was changed after it had been applied.
    #[error("{file} was changed after it had been applied; add a new file instead")]
    Changed {
        /// The file.
        file: &'static str,
    },
    /// The server did not carry out a file.
    #[error("{file} could not be applied")]
    Apply {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: WarehouseError,
    },
    /// The server could not be asked.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}
