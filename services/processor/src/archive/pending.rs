use std::time::{Duration, Instant};

use stream::{Entry, LogRecord};

use super::memory::Room;
use crate::member::weigh;

/// When an object is full.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) records: usize,
    /// In memory, before they are compressed.
    pub(super) bytes: usize,
    /// How long the first record waits for others.
    pub(super) wait: Duration,
}

/// Records on their way into an object.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) records: Vec<LogRecord>,
    bytes: usize,
    since: Option<Instant>,
    /// What they take up.
    pub(super) room: Room,
}

impl Pending {
    /// Whether as much again would be too much for one object.
    pub(super) fn is_full_with(&self, entries: &[Entry], cut: &Cut) -> bool {
        self.records.len() + entries.len() > cut.records || self.bytes + weigh(entries) > cut.bytes
    }

    /// Whether its first record has waited long enough.
    pub(super) fn is_due(&self, cut: &Cut) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= cut.wait)
    }

    pub(super) fn add(&mut self, entries: &[Entry], room: Room) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += weigh(entries);
        self.records.extend(entries.iter().map(|entry| entry.record().clone()));
        self.room.add(room);
    }
}
