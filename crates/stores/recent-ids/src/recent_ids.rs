use std::{collections::VecDeque, hash::BuildHasher};

use chrono::{DateTime, TimeDelta, Utc};
use foldhash::quality::RandomState;
use rustc_hash::FxHashMap;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    Memory, RecentIdsError, disk::Span, entry::Key, filter::Probe, open::Open, run::Run,
    stretch::Stretch,
};

/// The event ids of one partition within the last 24 hours of its log time.
///
/// An event is a re-send when the same id of the same tenant is earlier in the partition, at most
/// one window before, to the second. The partition's time at a record is the latest log time of all
/// records up to it: brokers' clocks may go back, the partition's time does not. So the decision
/// depends only on the log: every group and every backfill that reads the window's records in order
/// decides alike. Whole ids are compared.
///
/// Calls may read and write files. After an error, drop it.
pub struct RecentIds {
    memory: Memory,
    tenants: FxHashMap<ClientId, u32>,
    hasher: RandomState,
    /// One past the last record.
    next: u64,
    /// The partition's time, in seconds since 1970.
    now: u32,
    /// All ids that were seen at this time or later are present.
    complete_from: u32,
    open: Open,
    /// The closed tables in memory, oldest first.
    runs: VecDeque<Run>,
    /// The runs on disk, oldest first, all older than those in memory.
    spans: VecDeque<Span>,
}

/// The numbers of entries in memory and on disk. The id of a re-send may count more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// In memory.
    pub memory: usize,
    /// On disk.
    pub disk: usize,
}

impl RecentIds {
    /// How long an id is remembered.
    pub const WINDOW: TimeDelta = TimeDelta::hours(24);

    /// How much log time [`Self::rewind`] can go back, in seconds.
    const SPARE: u32 = 3_600;

    /// Creates an empty one. It must be given every record from `next` on, the first that was
    /// logged at `since` or later, and decides correctly from one window after `since`.
    pub fn new(memory: &Memory, next: u64, since: DateTime<Utc>) -> Self {
        Self {
            memory: memory.clone(),
            tenants: FxHashMap::default(),
            hasher: RandomState::default(),
            next,
            now: 0,
            complete_from: seconds(since),
            open: Open::new(memory.budget()),
            runs: VecDeque::new(),
            spans: VecDeque::new(),
        }
    }

    /// Returns the offset after the last record it was given.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Returns the numbers of entries.
    pub fn remembered(&self) -> Remembered {
        Remembered {
            memory: self.open.len() + self.runs.iter().map(Run::len).sum::<usize>(),
            disk: self.spans.iter().map(Span::len).sum(),
        }
    }

    /// Skips the next record of the partition, which is not an event.
    pub fn pass(&mut self, offset: u64, log_time: DateTime<Utc>) {
        self.next = offset + 1;
        self.now = self.now.max(seconds(log_time));
    }

    /// Adds the event of the partition's next record, without checking for a re-send.
    ///
    /// # Errors
    /// [`RecentIdsError::Disk`]: older ids could not be moved out of memory.
    pub fn remember(
        &mut self,
        offset: u64,
        log_time: DateTime<Utc>,
        client_id: &ClientId,
        id: Uuid,
    ) -> Result<(), RecentIdsError> {
        self.insert(offset, log_time, client_id, id).map(drop)
    }

    /// Adds the event of the partition's next record and returns whether it is a re-send.
    ///
    /// # Errors
    /// [`RecentIdsError::Disk`]: older ids could not be read or moved out of memory.
    pub fn is_resend(
        &mut self,
        offset: u64,
        log_time: DateTime<Utc>,
        client_id: &ClientId,
        id: Uuid,
    ) -> Result<bool, RecentIdsError> {
        let (key, hash, newest) = self.insert(offset, log_time, client_id, id)?;
        let before = match newest {
            Some(seen) => Some(seen),
            None => self.find_closed(key, hash)?,
        };
        Ok(before.is_some_and(|seen| self.now.saturating_sub(seen) <= window()))
    }

    /// Goes back to the offset `next` or an earlier one: from [`Self::next`] on, records must be
    /// given again. Returns whether all ids seen at `since` or later are still present; drop it if
    /// not.
    pub fn rewind(&mut self, next: u64, since: DateTime<Utc>) -> bool {
        while self.next > next {
            let Some(stretch) = self.open.stretch().or_else(|| self.runs.back().map(Run::stretch))
            else {
                return false;
            };
            match self.open.stretch() {
                Some(_) => self.open.clear(),
                None => drop(self.runs.pop_back()),
            }
            (self.next, self.now) = (stretch.from, stretch.before);
        }
        self.complete_from <= seconds(since)
    }

    fn insert(
        &mut self,
        offset: u64,
        log_time: DateTime<Utc>,
        client_id: &ClientId,
        id: Uuid,
    ) -> Result<(Key, u64, Option<u32>), RecentIdsError> {
        let before = self.now;
        self.pass(offset, log_time);
        if self.open.is_complete(self.now) {
            self.close()?;
        }
        let key = Key::new(self.tenant(client_id), id);
        let hash = self.hasher.hash_one(key);
        let place = Stretch { from: offset, before, first: self.now, last: self.now };
        Ok((key, hash, self.open.insert(key, hash, place, &self.hasher)))
    }

    fn tenant(&mut self, client_id: &ClientId) -> u32 {
        match self.tenants.get(client_id) {
            Some(tenant) => *tenant,
            None => {
                let tenant = u32::try_from(self.tenants.len()).unwrap_or(u32::MAX);
                self.tenants.insert(client_id.clone(), tenant);
                tenant
            }
        }
    }

    /// Returns when the key was last seen, according to the newest run or span that has it.
    fn find_closed(&self, key: Key, hash: u64) -> Result<Option<u32>, RecentIdsError> {
        let probe = Probe::new(hash);
        if let Some(seen) = self.runs.iter().rev().find_map(|run| run.find(key, &probe)) {
            return Ok(Some(seen));
        }
        for span in self.spans.iter().rev() {
            if let Some(seen) = span.find(key, &probe)? {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// Closes the open table, drops expired ids, merges runs and moves runs to disk.
    fn close(&mut self) -> Result<(), RecentIdsError> {
        self.runs.extend(self.open.close(self.memory.budget(), &self.hasher));
        self.expire();
        self.merge();
        while self.memory.budget().is_over() {
            match self.runs.pop_front() {
                Some(run) => self.move_to_disk(run)?,
                // The oldest filters go first: lookups need the newest most.
                None if self.spans.iter_mut().any(Span::drop_filters) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// Drops ids of which no later record can be a re-send.
    fn expire(&mut self) {
        let oldest = self.now.saturating_sub(window() + Self::SPARE);
        while let Some(span) = self.spans.pop_front_if(|span| span.stretch().last < oldest) {
            self.complete_from = self.complete_from.max(span.stretch().last + 1);
        }
        if !self.spans.is_empty() {
            return;
        }
        while let Some(run) = self.runs.pop_front_if(|run| run.stretch().last < oldest) {
            self.complete_from = self.complete_from.max(run.stretch().last + 1);
        }
    }

    /// Merges the newest runs while they have the same level: lookups then search fewer.
    fn merge(&mut self) {
        while let Some(start) = self.runs.len().checked_sub(Run::MERGED) {
            if !Run::can_merge(self.runs.range(start..), self.memory.budget()) {
                return;
            }
            let newest = self.runs.split_off(start);
            let merged = Run::merge(&Vec::from(newest), self.memory.budget(), &self.hasher);
            self.runs.extend(merged);
        }
    }

    fn move_to_disk(&mut self, run: Run) -> Result<(), RecentIdsError> {
        if !self.spans.back().is_some_and(|span| span.has_room_for(&run)) {
            self.spans.push_back(Span::new(self.memory.disk()?, run.stretch())?);
        }
        match self.spans.back_mut() {
            Some(span) => span.add(run),
            None => Ok(()),
        }
    }
}

fn seconds(time: DateTime<Utc>) -> u32 {
    u32::try_from(time.timestamp()).unwrap_or_default()
}

const fn window() -> u32 {
    RecentIds::WINDOW.num_seconds() as u32
}
