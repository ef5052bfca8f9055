//! What an earlier process left behind.

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
    frame::{Frames, Stretch},
    header::{HEADER_BYTES, Header, HeaderFault},
    proof,
    segment::tell_damage,
};

/// Looks through every segment; also the number of the next one.
pub(crate) fn recover(folder: &Folder) -> Result<(Contents, u64), SpoolError> {
    proof::forget(folder).map_err(SpoolError::io("remove a proof from", folder.join("")))?;
    let (sequences, next) = folder.list()?;
    let mut contents = Contents::default();
    for sequence in &sequences {
        // A segment that another follows was whole when that one was begun.
        let newest = sequences.last() == Some(sequence);
        contents.sealed.extend(look(folder, *sequence, newest)?);
    }
    if !contents.sealed.is_empty() {
        let (segments, bytes) = (contents.sealed.len(), contents.bytes());
        tracing::info!(segments, bytes, "events of an earlier process are in the spool");
    }
    Ok((contents, next))
}

/// One segment; nothing when it holds no event.
fn look(folder: &Folder, sequence: u64, newest: bool) -> Result<Option<Stored>, SpoolError> {
    let path = folder.segment(sequence);
    let file = private().open(&path).map_err(SpoolError::io("open", &path))?;
    let length = file.metadata().map_err(SpoolError::io("look at", &path))?.len();
    // The header is durable before the first frame is written: nothing was promised yet.
    if length <= HEADER_BYTES as u64 {
        fs::remove_file(&path).map_err(SpoolError::io("remove", &path))?;
        return Ok(None);
    }
    let header = match read_header(&file).map_err(SpoolError::io("read", &path))? {
        Ok(header) => header,
        Err(HeaderFault::Version(version)) => return Err(SpoolError::Version { path, version }),
        Err(HeaderFault::Damaged) => {
            tell_damage(&path, length);
            let kept = folder.set_aside(sequence)?;
            tracing::error!(kept = %kept.display(), "a segment without a header was set aside");
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
    Ok(Some(Stored { sequence, header, end }).filter(|stored| !stored.is_empty()))
}

fn read_header(file: &File) -> io::Result<Result<Header, HeaderFault>> {
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(Header::from_bytes(&bytes))
}

/// Where the last frame ends that may have been promised. Only what the newest segment ends with
/// can be torn: every other frame was durable before the next was written.
fn durable_end(mut frames: Frames, path: &Path, length: u64, newest: bool) -> io::Result<u64> {
    while let Some(stretch) = frames.next()? {
        if let Stretch::Damaged(range) = stretch {
            if newest && range.end == length {
                return Ok(range.start);
            }
            tell_damage(path, range.end - range.start);
        }
    }
    Ok(length)
}

/// Takes a torn end off, for good: the segment will soon not be the newest any more.
fn cut(file: &File, path: &Path, end: u64, length: u64) -> Result<(), SpoolError> {
    file.set_len(end).and_then(|()| file.sync_all()).map_err(SpoolError::io("cut", path))?;
    let bytes = length - end;
    tracing::warn!(segment = %path.display(), bytes, "cut a torn end off, which nobody was promised");
    Ok(())
}
