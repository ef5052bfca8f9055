use std::{io, path::PathBuf};

/// The spool did not take something, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is no room: the spool's own bound, the share of the disk, or the disk itself.
    #[error("the spool is full")]
    Full,
    /// An fsync failed, and the disk has not been proved good since. What was to be appended may be
    /// on it or not.
    #[error("the spool's disk is in doubt since an fsync failed")]
    Doubtful,
    /// Another process uses the folder.
    #[error(
        "spool.folder {folder} is in use by another process: each collector needs one of its own"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A segment was written by a later version of this program.
    #[error("{path} has version {version} of the spool's form, which this program cannot read")]
    Version {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u8,
    },
    /// The operating system did not do what was asked.
    #[error("spool: could not {doing} {path}")]
    Io {
        /// What was asked.
        doing: &'static str,
        /// Of what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A thread or a task of the spool is gone.
    #[error("the spool's own thread is gone")]
    Closed,
}

impl SpoolError {
    /// For `map_err`: could not do `doing` to `path`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// Why a group of appends was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Doubtful,
}

impl From<Refusal> for SpoolError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => Self::Full,
            Refusal::Doubtful => Self::Doubtful,
        }
    }
}
