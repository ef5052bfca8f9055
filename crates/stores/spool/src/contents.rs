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
    /// Where its last durable frame ends.
    pub(crate) end: u64,
}

impl Stored {
    pub(crate) fn is_empty(&self) -> bool {
        self.end <= HEADER_BYTES as u64
    }
}

/// What the spool holds, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Segments that nothing is added to any more.
    pub(crate) sealed: VecDeque<Stored>,
    /// The one that is written.
    pub(crate) active: Option<Stored>,
    /// Since an fsync failed, and until the disk is proved good.
    pub(crate) doubtful: bool,
}

impl Contents {
    /// The bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.sealed.iter().chain(&self.active).map(|stored| stored.end).sum()
    }

    /// How long the oldest segment has been there.
    pub(crate) fn oldest(&self, now: SystemTime) -> Option<Duration> {
        let oldest = self.sealed.iter().chain(&self.active).find(|stored| !stored.is_empty())?;
        Some(now.duration_since(oldest.header.created_at).unwrap_or_default())
    }

    /// Whether there is something in the segment that is written.
    pub(crate) fn can_seal(&self) -> bool {
        self.active.is_some_and(|active| !active.is_empty())
    }

    pub(crate) fn forget(&mut self, sequence: u64) {
        self.sealed.retain(|stored| stored.sequence != sequence);
    }
}
