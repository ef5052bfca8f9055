use std::{hash::BuildHasher, iter, mem::size_of};

use foldhash::quality::RandomState;

use crate::{
    budget::{Budget, Charge},
    entry::{Entry, Key},
    filter::{Filter, Probe},
    stretch::Stretch,
};

/// A closed table of ids: sorted, 18 bytes each, and a byte and a half in the filter.
pub(crate) struct Run {
    stretch: Stretch,
    /// Each tenant, and the index after its last id.
    tenants: Box<[(u32, usize)]>,
    ids: Box<[(u64, u64)]>,
    /// When each id was last seen, in seconds after the start of the stretch.
    seconds: Box<[u16]>,
    filter: Filter,
    /// How often it was merged.
    level: u8,
    charge: Charge,
}

impl Run {
    /// How many runs are merged into one.
    pub(crate) const MERGED: usize = 4;

    /// How often a run is merged: the largest run has the ids of 16 tables.
    const HIGHEST: u8 = 2;

    /// Creates a run of at most `most` entries, ascending by key, each key once.
    pub(crate) fn new(
        stretch: Stretch,
        most: usize,
        entries: impl Iterator<Item = Entry>,
        budget: &Budget,
        hasher: &RandomState,
    ) -> Self {
        let mut tenants = Vec::<(u32, usize)>::new();
        let mut ids = Vec::with_capacity(most);
        let mut seconds = Vec::with_capacity(most);
        let mut filter = Filter::with_room_for(most);
        for entry in entries {
            let key = entry.key();
            filter.add(&Probe::new(hasher.hash_one(key)));
            ids.push(key.id);
            // A stretch has a few hours: this never saturates.
            let second = entry.seen.saturating_sub(stretch.first);
            seconds.push(u16::try_from(second).unwrap_or(u16::MAX));
            match tenants.last_mut() {
                Some((tenant, end)) if *tenant == key.tenant => *end = ids.len(),
                _ => tenants.push((key.tenant, ids.len())),
            }
        }
        let bytes = Self::bytes(tenants.len(), ids.len(), most);
        Self {
            stretch,
            tenants: tenants.into(),
            ids: ids.into(),
            seconds: seconds.into(),
            filter,
            level: 0,
            charge: budget.charge(bytes),
        }
    }

    /// Returns the bytes of a run whose filter has room for `most` ids.
    fn bytes(tenants: usize, ids: usize, most: usize) -> usize {
        size_of::<Self>()
            + tenants * size_of::<(u32, usize)>()
            + ids * (size_of::<(u64, u64)>() + size_of::<u16>())
            + Filter::bytes(most)
    }

    pub(crate) fn stretch(&self) -> Stretch {
        self.stretch
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns when the key was last seen within the run.
    pub(crate) fn find(&self, key: Key, probe: &Probe) -> Option<u32> {
        if !self.filter.may_contain(probe) {
            return None;
        }
        let tenant = self.tenants.binary_search_by_key(&key.tenant, |(tenant, _)| *tenant).ok()?;
        let start = tenant.checked_sub(1).and_then(|before| self.tenants.get(before));
        let start = start.map_or(0, |(_, end)| *end);
        let (_, end) = self.tenants.get(tenant)?;
        let place = self.ids.get(start..*end)?.binary_search(&key.id).ok()?;
        self.seconds.get(start + place).map(|second| self.stretch.first + u32::from(*second))
    }

    /// Keeps only the filter, once the entries are on disk.
    pub(crate) fn into_filter(mut self) -> (Filter, Charge) {
        self.charge.set(self.filter.size());
        (self.filter, self.charge)
    }

    /// Returns all entries, ascending by key.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        let mut tenants = self.tenants.iter();
        let mut current = tenants.next();
        self.ids.iter().zip(&self.seconds).enumerate().map_while(move |(index, (id, second))| {
            while current.is_some_and(|(_, end)| index >= *end) {
                current = tenants.next();
            }
            let (tenant, _) = current?;
            let key = Key { tenant: *tenant, id: *id };
            Some(Entry::new(key, self.stretch.first + u32::from(*second)))
        })
    }

    /// Returns whether `runs`, which are consecutive, can be merged.
    pub(crate) fn can_merge<'a>(
        mut runs: impl DoubleEndedIterator<Item = &'a Self> + Clone,
        budget: &Budget,
    ) -> bool {
        let all = runs.clone();
        let (Some(first), Some(last)) = (runs.next(), runs.next_back()) else { return false };
        let (tenants, ids) = all
            .clone()
            .fold((0, 0), |(tenants, ids), run| (tenants + run.tenants.len(), ids + run.len()));
        first.level < Self::HIGHEST
            && all.clone().all(|run| run.level == first.level)
            && first.stretch.can_include(last.stretch.last)
            && budget.has_room_for(Self::bytes(tenants, ids, ids))
    }

    /// Merges consecutive runs; of a key in several, the newest entry counts.
    pub(crate) fn merge(runs: &[Self], budget: &Budget, hasher: &RandomState) -> Option<Self> {
        let stretch = runs.iter().map(Self::stretch).reduce(Stretch::joined)?;
        let level = runs.iter().map(|run| run.level).max()?;
        let most = runs.iter().map(Self::len).sum();
        let mut sources: Vec<_> = runs.iter().map(|run| run.entries().peekable()).collect();
        let merged = iter::from_fn(|| {
            let smallest =
                sources.iter_mut().filter_map(|source| source.peek().map(Entry::key)).min()?;
            let same = |source: &mut iter::Peekable<_>| {
                source.next_if(|entry: &Entry| entry.key() == smallest)
            };
            sources.iter_mut().filter_map(same).last()
        });
        Some(Self { level: level + 1, ..Self::new(stretch, most, merged, budget, hasher) })
    }
}
