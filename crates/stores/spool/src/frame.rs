//! A frame is the unit of durability: one fsync covers all of its records.
//!
//! It consists of the segment's marker, the length of the body, a CRC-32C (over length and body),
//! and the body: records, each after its length. Numbers are 32 bits, little-endian.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

use bytes::{Buf, Bytes};

use crate::header::Marker;

/// The bytes before a frame's body.
pub(crate) const FRAME_BYTES: usize = 16;

/// How many bytes are searched at once for the next frame after damage.
const SCAN_BYTES: usize = 64 << 10;

/// Encodes records as a body; `None` when there are none, or one is longer than 4 GiB.
pub(crate) fn body<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for record in records {
        body.extend(u32::try_from(record.len()).ok()?.to_le_bytes());
        body.extend(record);
    }
    (!body.is_empty()).then_some(body)
}

/// Writes one frame of these bodies into `frame`.
pub(crate) fn assemble(frame: &mut Vec<u8>, marker: Marker, bodies: &[impl AsRef<[u8]>]) {
    frame.clear();
    frame.resize(FRAME_BYTES, 0);
    bodies.iter().for_each(|body| frame.extend(body.as_ref()));
    if let Some((head, body)) = frame.split_first_chunk_mut::<FRAME_BYTES>() {
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
        let checksum = checksum(length, body).to_le_bytes();
        let fields = marker.into_iter().chain(length).chain(checksum);
        head.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = byte);
    }
}

fn checksum(length: [u8; 4], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), body)
}

/// A part of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The records of one frame.
    Records(Vec<Bytes>),
    /// Bytes that are not a valid frame, up to the next frame or the end.
    Damaged(Range<u64>),
}

/// Reads a segment frame by frame.
pub(crate) struct Frames {
    file: File,
    marker: Marker,
    position: u64,
    end: u64,
    body: Vec<u8>,
}

impl Frames {
    /// Reads the frames of `file` within `range`, which begins at a frame.
    pub(crate) fn new(file: File, marker: Marker, range: Range<u64>) -> Self {
        Self { file, marker, position: range.start, end: range.end, body: Vec::new() }
    }

    /// Returns the next part; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Part>> {
        if self.position >= self.end {
            return Ok(None);
        }
        let start = self.position;
        if let Some(end) = self.frame_at(start)?
            && let Some(records) = split(Bytes::from(std::mem::take(&mut self.body)))
        {
            self.position = end;
            return Ok(Some(Part::Records(records)));
        }
        self.position = self.next_frame(start + 1)?;
        Ok(Some(Part::Damaged(start..self.position)))
    }

    /// Reads the body of the frame at `start` and returns its end; `None` if it is invalid.
    fn frame_at(&mut self, start: u64) -> io::Result<Option<u64>> {
        let at = start + FRAME_BYTES as u64;
        if at > self.end {
            return Ok(None);
        }
        let mut head = [0; FRAME_BYTES];
        self.file.read_exact_at(&mut head, start)?;
        let Some((marker, length, expected)) = parts(&head) else {
            return Ok(None);
        };
        let end = at + u64::from(u32::from_le_bytes(length));
        if marker != self.marker || end > self.end {
            return Ok(None);
        }
        self.body.resize(usize::try_from(end - at).unwrap_or_default(), 0);
        self.file.read_exact_at(&mut self.body, at)?;
        Ok((checksum(length, &self.body) == expected).then_some(end))
    }

    /// Returns the start of the first valid frame from `start` on; the end if there is none.
    fn next_frame(&mut self, mut start: u64) -> io::Result<u64> {
        let mut scanned = vec![0; SCAN_BYTES];
        while start < self.end {
            let left = usize::try_from(self.end - start).unwrap_or(SCAN_BYTES).min(SCAN_BYTES);
            scanned.truncate(left);
            self.file.read_exact_at(&mut scanned, start)?;
            for (offset, window) in (0u64..).zip(scanned.windows(self.marker.len())) {
                if window == self.marker && self.frame_at(start + offset)?.is_some() {
                    return Ok(start + offset);
                }
            }
            // A marker may lie across two scans.
            start += (left.saturating_sub(self.marker.len() - 1)).max(1) as u64;
        }
        Ok(self.end)
    }
}

/// Splits a frame's head into marker, length and checksum.
fn parts(head: &[u8; FRAME_BYTES]) -> Option<(Marker, [u8; 4], u32)> {
    let (marker, rest) = head.split_first_chunk()?;
    let (length, checksum) = rest.split_first_chunk()?;
    Some((*marker, *length, u32::from_le_bytes(checksum.try_into().ok()?)))
}

/// Splits a body into its records.
fn split(mut body: Bytes) -> Option<Vec<Bytes>> {
    let mut records = Vec::new();
    while body.has_remaining() {
        let length = usize::try_from(body.try_get_u32_le().ok()?).ok()?;
        if length > body.len() {
            return None;
        }
        records.push(body.split_to(length));
    }
    (!records.is_empty()).then_some(records)
}
