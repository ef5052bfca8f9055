use std::{hash::BuildHasher, mem};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::{
    budget::{Budget, Charge},
    entry::{Entry, Key},
    run::Run,
    stretch::Stretch,
};

/// The sizes of the smallest and the largest table, in slots.
const SLOTS: (usize, usize) = (64, 1 << 17);

/// The table of the newest ids of a partition, the only one that changes.
pub(crate) struct Open {
    entries: HashTable<Entry>,
    /// The records that it covers, once it has an id.
    stretch: Option<Stretch>,
    most: usize,
    charge: Charge,
}

impl Open {
    /// The bytes of a slot: an entry and a control byte.
    pub(crate) const SLOT_BYTES: usize = mem::size_of::<Entry>() + 1;

    pub(crate) fn new(budget: &Budget) -> Self {
        let slots = (budget.limit() / 64 / Self::SLOT_BYTES).max(1);
        let slots = (1_usize << slots.ilog2()).clamp(SLOTS.0, SLOTS.1);
        // One more entry would make the table grow.
        let most = slots / 8 * 7;
        Self { entries: HashTable::new(), stretch: None, most, charge: budget.charge(0) }
    }

    pub(crate) fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether it must be closed before an id is added at `now`.
    pub(crate) fn is_complete(&self, now: u32) -> bool {
        self.entries.len() >= self.most
            || self.stretch.is_some_and(|stretch| !stretch.can_include(now))
    }

    /// Inserts a key that is seen at `place`. Returns when it was last seen before.
    pub(crate) fn insert(
        &mut self,
        key: Key,
        hash: u64,
        place: Stretch,
        hasher: &RandomState,
    ) -> Option<u32> {
        let now = place.last;
        self.stretch = Some(self.stretch.map_or(place, |stretch| stretch.joined(place)));
        if let Some(entry) = self.entries.find_mut(hash, |entry| entry.key() == key) {
            return Some(mem::replace(&mut entry.seen, now));
        }
        let capacity = self.entries.capacity();
        let rehash = |entry: &Entry| hasher.hash_one(entry.key());
        self.entries.insert_unique(hash, Entry::new(key, now), rehash);
        if self.entries.capacity() != capacity {
            self.charge.set(self.entries.allocation_size());
        }
        None
    }

    /// Moves all entries into a run.
    pub(crate) fn close(&mut self, budget: &Budget, hasher: &RandomState) -> Option<Run> {
        let stretch = self.stretch.take()?;
        let mut entries: Vec<_> = self.entries.drain().collect();
        entries.sort_unstable_by_key(Entry::key);
        Some(Run::new(stretch, entries.len(), entries.into_iter(), budget, hasher))
    }

    /// Removes all entries.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.stretch = None;
    }
}
