//! Recovery of the segments of an earlier process.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use crate::{
    SpoolError,
    contents::{Contents, Stored},
    folder::{Folder, private},
    frame::{Frames, Part},
    header::{HEADER_BYTES, Header, HeaderFault},
    proof,
    segment::log_damage,
};

/// Recovers every segment. Returns the contents and the number of the next segment.
pub(crate) fn recover(folder: &Folder) -> Result<(Contents, u64), SpoolError> {
    proof::remove_proof(folder).map_err(SpoolError::io("remove a proof from", folder.join("")))?;
    let (sequences, next) = folder.list()?;
    let mut contents = Contents::default();
    for sequence in &sequences {
        // A segment was complete when the next one was begun.
        let newest = sequences.last() == Some(sequence);
        contents.sealed.extend(recover_segment(folder, *sequence, newest)?);
    }
    if !contents.sealed.is_empty() {
        let segments = contents.sealed.len();
        let bytes = contents.bytes();
        tracing::info!(segments, bytes, "events of an earlier process are in the spool");
    }
    Ok((contents, next))
}

/// Recovers one segment; `None` when it contains no event.
fn recover_segment(
    folder: &Folder,
    sequence: u64,
    newest: bool,
) -> Result<Option<Stored>, SpoolError> {
    let path = folder.segment(sequence);
    let file = private().open(&path).map_err(SpoolError::io("open", &path))?;
    let length = file.metadata().map_err(SpoolError::io("read the size of", &path))?.len();
    // The header is durable before the first frame is written: nothing was acknowledged yet.
    if length <= HEADER_BYTES as u64 {
        fs::remove_file(&path).map_err(SpoolError::io("remove", &path))?;
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0).map_err(SpoolError::io("read", &path))?;
    let header = match Header::from_bytes(&bytes) {
        Ok(header) => header,
        Err(HeaderFault::Version(version)) => return Err(SpoolError::Version { path, version }),
        Err(HeaderFault::Damaged) => {
            log_damage(&path, length);
            let path = folder.set_aside(sequence)?;
            tracing::error!(path = %path.display(), "a segment with a bad header was set aside");
            return Ok(None);
        }
    };
    let frames =
        file.try_clone().map(|file| Frames::new(file, header.marker, HEADER_BYTES as u64..length));
    let end = frames
        .and_then(|frames| durable_end(frames, &path, length, newest))
        .map_err(SpoolError::io("read", &path))?;
    if end < length {
        cut(&file, &path, end, length)?;
    }
    let stored = Stored { sequence, header, end };
    if stored.is_empty() {
        fs::remove_file(&path).map_err(SpoolError::io("remove", &path))?;
        return Ok(None);
    }
    Ok(Some(stored))
}

/// Returns the end of the last frame that may have been acknowledged. Only the last frame of the
/// newest segment can be torn: every other frame was durable before the next was written.
fn durable_end(mut frames: Frames, path: &Path, length: u64, newest: bool) -> io::Result<u64> {
    while let Some(part) = frames.next()? {
        if let Part::Damaged(range) = part {
            if newest && range.end == length {
                return Ok(range.start);
            }
            log_damage(path, range.end - range.start);
        }
    }
    Ok(length)
}

/// Cuts a torn end off, durably: soon the segment will no longer be the newest.
fn cut(file: &File, path: &Path, end: u64, length: u64) -> Result<(), SpoolError> {
    file.set_len(end).and_then(|()| file.sync_all()).map_err(SpoolError::io("cut", path))?;
    let bytes = length - end;
    tracing::warn!(segment = %path.display(), bytes, "cut off a torn end, never acknowledged");
    Ok(())
}
