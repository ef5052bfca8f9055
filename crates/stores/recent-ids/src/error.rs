use std::{io, path::PathBuf};

/// The disk failed, so re-sends cannot be recognised. Drop the `RecentIds` and read them from the
/// log again.
#[derive(Debug, thiserror::Error)]
pub enum RecentIdsError {
    /// The folder for what does not fit into memory cannot be used.
    #[error("cannot use the folder {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Ids on disk could not be written or read.
    #[error("event ids on disk: could not {doing}")]
    Disk {
        /// The operation, as a verb.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Box<fjall::Error>,
    },
}

impl RecentIdsError {
    /// Returns a closure for `map_err`: `doing` failed.
    pub(crate) fn disk(doing: &'static str) -> impl FnOnce(fjall::Error) -> Self {
        move |source| Self::Disk { doing, source: Box::new(source) }
    }
}
