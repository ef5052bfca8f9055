use std::{io, path::PathBuf};

/// The disk did not do what was asked, so that nobody can tell a re-send. What was remembered is
/// to be dropped and read from the log again.
#[derive(Debug, thiserror::Error)]
pub enum RecentIdsError {
    /// The folder for what does not fit into memory cannot be used.
    #[error("cannot use the folder {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Ids on disk could not be written or read.
    #[error("event ids on disk: could not {doing}")]
    Disk {
        /// What was asked.
        doing: &'static str,
        /// Why not.
        #[source]
        source: Box<fjall::Error>,
    },
}

impl RecentIdsError {
    /// For `map_err`: the disk could not do `doing`.
    pub(crate) fn disk(doing: &'static str) -> impl FnOnce(fjall::Error) -> Self {
        move |source| Self::Disk { doing, source: Box::new(source) }
    }
}
