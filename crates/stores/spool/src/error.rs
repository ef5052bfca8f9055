use std::{io, path::PathBuf};

/// The spool refused an append, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is no room: the limit of the spool, of the disk's use, or the disk itself.
    #[error("the spool is full")]
    Full,
    /// An fsync failed, and the disk has not been proved good since. The records may be on it or
    /// not.
    #[error("the spool's disk is in doubt since an fsync failed")]
    InDoubt,
    /// Another process uses the folder.
    #[error(
        "spool.folder {folder} is in use by another process: each collector needs its own folder"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A segment was written by a later version of this program.
    #[error("{path} has version {version} of the spool format, which this program cannot read")]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u8,
    },
    /// A call of the operating system failed.
    #[error("spool: could not {doing} {path}")]
    Io {
        /// The operation, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A thread or a task of the spool has ended.
    #[error("the spool's thread has ended")]
    Closed,
}

impl SpoolError {
    /// Returns a closure for `map_err`: `doing` failed on `path`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// Why a group of appends was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    InDoubt,
}

impl From<Refusal> for SpoolError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => Self::Full,
            Refusal::InDoubt => Self::InDoubt,
        }
    }
}
