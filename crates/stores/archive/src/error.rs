use std::fmt;

use auth::{DataKey, DataKeyStoreError};
use parquet::errors::ParquetError;
use telemetry::StoreFailure;

use crate::ObjectKey;

/// An operation of the archive failed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder or the bucket cannot be read or written now; worth trying again.
    #[error("the archive is unavailable: could not {doing}")]
    Unavailable {
        /// The operation.
        doing: &'static str,
        /// Why not.
        #[source]
        source: object_store::Error,
    },
    /// The object does not exist.
    #[error("{0} is not in the archive")]
    Missing(ObjectKey),
    /// An object with other records exists under this name; it was left unchanged. Only an operator
    /// can decide which of the two is right.
    #[error("{0} is in the archive already, with other records")]
    Differs(ObjectKey),
    /// The object is not the one that was put, or this version cannot read it.
    #[error("{object} is damaged: {reason}")]
    Damaged {
        /// The object.
        object: ObjectKey,
        /// The damage.
        reason: String,
    },
    /// The object has records that another data key has encrypted than the one which their owner has now: the key was
    /// lost with a restored PostgreSQL.
    #[error(
        "{object} has records of {owner} under the data key {needed}, and the data key of {owner} is {found}"
    )]
    Locked {
        /// The object.
        object: ObjectKey,
        /// The tenant, or `-` for no known one.
        owner: String,
        /// The id of the data key that opens it.
        needed: String,
        /// The id of the data key that there is, or `none`.
        found: String,
    },
    /// The data keys cannot be read now; worth trying again.
    #[error(transparent)]
    DataKeys(#[from] DataKeyStoreError),
    /// The records cannot be written as Parquet.
    #[error("could not write {object} as Parquet")]
    Unwritable {
        /// The object.
        object: ObjectKey,
        /// Why not.
        #[source]
        source: ParquetError,
    },
    /// A task on a thread of this crate did not finish.
    #[error("a task of the archive did not finish")]
    Thread(#[from] tokio::task::JoinError),
}

impl ArchiveError {
    /// Returns why a call failed, for the metrics. What an object is like is no failure of the store.
    pub(crate) fn failure(&self) -> Option<StoreFailure> {
        matches!(self, Self::Unavailable { .. }).then_some(StoreFailure::Unavailable)
    }

    /// Returns the error of an object whose bytes are wrong, for `map_err`.
    pub(crate) fn damaged<E: fmt::Display>(object: ObjectKey) -> impl FnOnce(E) -> Self {
        move |reason| Self::Damaged { object, reason: reason.to_string() }
    }

    pub(crate) fn locked(
        object: ObjectKey,
        owner: &str,
        needed: &str,
        found: Option<&DataKey>,
    ) -> Self {
        let found = found.map_or("none", DataKey::id).to_owned();
        Self::Locked { object, owner: owner.to_owned(), needed: needed.to_owned(), found }
    }

    /// Returns the error of a failed operation of the store, for `map_err`.
    pub(crate) fn unavailable(doing: &'static str) -> impl FnOnce(object_store::Error) -> Self {
        move |source| Self::Unavailable { doing, source }
    }

    /// Returns the error of an operation that the operating system refused, for `map_err`.
    pub(crate) fn refused(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Unavailable {
            doing,
            source: object_store::Error::Generic { store: "folder", source: Box::new(source) },
        }
    }
}
