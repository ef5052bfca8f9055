use parquet::errors::ParquetError;

use crate::ObjectKey;

/// The archive did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder or the bucket cannot be read or written now; worth asking again.
    #[error("the archive is away: could not {doing}")]
    Unavailable {
        /// What was asked.
        doing: &'static str,
        /// Why not.
        #[source]
        source: object_store::Error,
    },
    /// The object is not there.
    #[error("{0} is not in the archive")]
    Missing(ObjectKey),
    /// Under this name there is something else already, which was left as it is. Only an operator
    /// can tell which of the two is right.
    #[error("{0} is in the archive already, with other records")]
    Differs(ObjectKey),
    /// The object is not what was put there, or nothing that this version can read.
    #[error("{object} is damaged: {reason}")]
    Damaged {
        /// The object.
        object: ObjectKey,
        /// What is wrong with it.
        reason: String,
    },
    /// The records cannot be written as Parquet.
    #[error("could not write {object} as Parquet")]
    Unwritable {
        /// The object.
        object: ObjectKey,
        /// Why not.
        #[source]
        source: ParquetError,
    },
    /// A thread of ours has ended.
    #[error("the archive's own thread is gone")]
    Thread(#[from] tokio::task::JoinError),
}

impl ArchiveError {
    /// For `map_err`: the store could not do `doing`.
    pub(crate) fn unavailable(doing: &'static str) -> impl FnOnce(object_store::Error) -> Self {
        move |source| Self::Unavailable { doing, source }
    }

    /// The same for what the operating system refused.
    pub(crate) fn refused(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Unavailable {
            doing,
            source: object_store::Error::Generic { store: "folder", source: Box::new(source) },
        }
    }
}
