use std::{fs::File, path::PathBuf};

use bytes::Bytes;

use crate::{
    SpoolError,
    contents::Stored,
    frame::{Frames, Part},
    header::HEADER_BYTES,
};

/// A segment that is drained, from its start.
pub struct Segment {
    pub(crate) sequence: u64,
    pub(crate) damaged: bool,
    path: PathBuf,
    /// `None` while a blocking thread reads.
    frames: Option<Frames>,
}

impl Segment {
    pub(crate) fn open(path: PathBuf, stored: &Stored) -> Result<Self, SpoolError> {
        let file = File::open(&path).map_err(SpoolError::io("open", &path))?;
        let frames = Frames::new(file, stored.header.marker, HEADER_BYTES as u64..stored.end);
        Ok(Self { sequence: stored.sequence, damaged: false, path, frames: Some(frames) })
    }

    /// Returns the records of the next frame; `None` at the end. Damaged parts are logged and
    /// skipped; [`Spool::delete`](crate::Spool::delete) then sets the file aside.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the file cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Bytes>>, SpoolError> {
        loop {
            let mut frames = self.frames.take().ok_or(SpoolError::Closed)?;
            let read = tokio::task::spawn_blocking(move || (frames.next(), frames)).await;
            let (part, frames) = read.map_err(|_| SpoolError::Closed)?;
            self.frames = Some(frames);
            match part.map_err(SpoolError::io("read", &self.path))? {
                Some(Part::Records(records)) => return Ok(Some(records)),
                None => return Ok(None),
                Some(Part::Damaged(range)) => {
                    log_damage(&self.path, range.end - range.start);
                    self.damaged = true;
                }
            }
        }
    }
}

/// Logs that accepted events cannot be read: only an operator can help.
pub(crate) fn log_damage(path: &std::path::Path, bytes: u64) {
    tracing::error!(
        segment = %path.display(),
        bytes,
        "accepted events in the spool are damaged, the file will be set aside"
    );
}
