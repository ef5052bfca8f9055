use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use crate::header::{HEADER_BYTES, Header};

/// A segment and how much of it is durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    pub(crate) header: Header,
    /// The end of its last durable frame, in bytes.
    pub(crate) end: u64,
}

impl Stored {
    pub(crate) fn is_empty(&self) -> bool {
        self.end <= HEADER_BYTES as u64
    }
}

/// The segments of the spool, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Segments that are not written any more.
    pub(crate) sealed: VecDeque<Stored>,
    /// The segment that is being written.
    pub(crate) active: Option<Stored>,
    /// True after a failed fsync, until the disk is proved good.
    pub(crate) in_doubt: bool,
}

impl Contents {
    /// Returns the bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.sealed.iter().chain(&self.active).map(|stored| stored.end).sum()
    }

    /// Returns the age of the oldest segment.
    pub(crate) fn oldest_age(&self, now: SystemTime) -> Option<Duration> {
        let oldest = self.sealed.iter().chain(&self.active).find(|stored| !stored.is_empty())?;
        Some(now.duration_since(oldest.header.created_at).unwrap_or_default())
    }

    /// Returns whether the active segment has records.
    pub(crate) fn can_seal(&self) -> bool {
        self.active.is_some_and(|active| !active.is_empty())
    }

    pub(crate) fn remove(&mut self, sequence: u64) {
        self.sealed.retain(|stored| stored.sequence != sequence);
    }
}
