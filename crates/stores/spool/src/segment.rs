use std::{fs::File, path::PathBuf};

use bytes::Bytes;

use crate::{
    SpoolError,
    contents::Stored,
    frame::{Frames, Stretch},
    header::HEADER_BYTES,
};

/// A segment being drained, from its start.
pub struct Segment {
    pub(crate) sequence: u64,
    pub(crate) damaged: bool,
    path: PathBuf,
    /// With the reading thread while it reads.
    frames: Option<Frames>,
}

impl Segment {
    pub(crate) fn open(path: PathBuf, stored: &Stored) -> Result<Self, SpoolError> {
        let file = File::open(&path).map_err(SpoolError::io("open", &path))?;
        let frames = Frames::new(file, stored.header.marker, HEADER_BYTES as u64..stored.end);
        Ok(Self { sequence: stored.sequence, damaged: false, path, frames: Some(frames) })
    }

    /// The next records, as many as one fsync made durable; nothing at the end. Damaged stretches
    /// are told to the log and left out: the file is kept when the segment is done with.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the disk does not give the bytes back.
    pub async fn next(&mut self) -> Result<Option<Vec<Bytes>>, SpoolError> {
        loop {
            let mut frames = self.frames.take().ok_or(SpoolError::Closed)?;
            let read = tokio::task::spawn_blocking(move || (frames.next(), frames)).await;
            let (stretch, frames) = read.map_err(|_| SpoolError::Closed)?;
            self.frames = Some(frames);
            match stretch.map_err(SpoolError::io("read", &self.path))? {
                Some(Stretch::Records(records)) => return Ok(Some(records)),
                None => return Ok(None),
                Some(Stretch::Damaged(range)) => {
                    tell_damage(&self.path, range.end - range.start);
                    self.damaged = true;
                }
            }
        }
    }
}

/// Events that were accepted cannot be read: only an operator can help.
pub(crate) fn tell_damage(path: &std::path::Path, bytes: u64) {
    tracing::error!(
        segment = %path.display(),
        bytes,
        "accepted events in the spool are damaged, the file will be kept"
    );
}
