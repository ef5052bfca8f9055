use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use fjall::{
    Database, Keyspace, KeyspaceCreateOptions,
    config::{PartitioningPolicy, PinningPolicy},
};

use crate::{
    RecentIdsError,
    budget::Charge,
    entry::Key,
    filter::{Filter, Probe},
    run::Run,
    stretch::Stretch,
};

/// A database of the ids that do not fit into memory. It does not outlive the process.
pub(crate) struct Disk {
    database: Database,
    spans: AtomicU64,
    failed: AtomicBool,
    _cache: Charge,
}

impl fmt::Debug for Disk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Disk").finish_non_exhaustive()
    }
}

impl Disk {
    /// Creates a database at `path`, which must not exist, with a cache of `cache` bytes.
    pub(crate) fn open(path: &Path, cache: usize, charge: Charge) -> Result<Self, RecentIdsError> {
        let database = Database::builder(path)
            .temporary(true)
            .worker_threads(1)
            .cache_size(cache as u64)
            .open()
            .map_err(RecentIdsError::disk("open the store"))?;
        Ok(Self {
            database,
            spans: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            _cache: charge,
        })
    }

    /// Returns whether no operation on it has failed.
    pub(crate) fn is_sound(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    /// Marks it as failed, so that it is not written again, and returns the error.
    pub(crate) fn failed(&self, doing: &'static str, error: fjall::Error) -> RecentIdsError {
        self.failed.store(true, Ordering::Relaxed);
        RecentIdsError::disk(doing)(error)
    }
}

/// Consecutive runs of a partition, on disk.
pub(crate) struct Span {
    disk: Arc<Disk>,
    keyspace: Keyspace,
    stretch: Stretch,
    entries: usize,
    /// The filters of its runs, while there is room for them: a key in none of them is not on disk.
    filters: Option<Vec<(Filter, Charge)>>,
}

impl Span {
    /// The longest period of a span, in seconds. With longer spans an unseen key needs fewer
    /// lookups, but a span expires only as a whole.
    const LONGEST: u32 = 8 * 3_600;

    /// Creates an empty span for runs from `stretch` on.
    pub(crate) fn new(disk: Arc<Disk>, stretch: Stretch) -> Result<Self, RecentIdsError> {
        let name = disk.spans.fetch_add(1, Ordering::Relaxed).to_string();
        // Lookups read all blocks through the cache: nothing is pinned in memory.
        let options = || {
            KeyspaceCreateOptions::default()
                .filter_block_partitioning_policy(PartitioningPolicy::all(true))
                .index_block_partitioning_policy(PartitioningPolicy::all(true))
                .filter_block_pinning_policy(PinningPolicy::all(false))
                .index_block_pinning_policy(PinningPolicy::all(false))
        };
        let keyspace = disk
            .database
            .keyspace(&name, options)
            .map_err(|error| disk.failed("create a keyspace", error))?;
        Ok(Self { disk, keyspace, stretch, entries: 0, filters: Some(Vec::new()) })
    }

    /// Returns whether a run can be added.
    pub(crate) fn has_room_for(&self, run: &Run) -> bool {
        self.disk.is_sound()
            && run.stretch().last.saturating_sub(self.stretch.first) <= Self::LONGEST
    }

    /// Adds the next run.
    pub(crate) fn add(&mut self, run: Run) -> Result<(), RecentIdsError> {
        self.ingest(&run).map_err(|error| self.disk.failed("write a run", error))?;
        self.stretch = self.stretch.joined(run.stretch());
        self.entries += run.len();
        if let Some(filters) = &mut self.filters {
            filters.push(run.into_filter());
        }
        Ok(())
    }

    /// Drops the filters. Returns whether there were any.
    pub(crate) fn drop_filters(&mut self) -> bool {
        self.filters.take().is_some()
    }

    fn ingest(&self, run: &Run) -> fjall::Result<()> {
        let mut ingestion = self.keyspace.start_ingestion()?;
        for entry in run.entries() {
            ingestion.write(entry.key().to_bytes(), entry.seen.to_be_bytes())?;
        }
        ingestion.finish()
    }

    /// Returns when the key was last seen within the span.
    pub(crate) fn find(&self, key: Key, probe: &Probe) -> Result<Option<u32>, RecentIdsError> {
        let is_absent = |filters: &Vec<(Filter, _)>| {
            filters.iter().all(|(filter, _)| !filter.may_contain(probe))
        };
        if self.filters.as_ref().is_some_and(is_absent) {
            return Ok(None);
        }
        let failed = |error| self.disk.failed("look for an id", error);
        let Some(value) = self.keyspace.get(key.to_bytes()).map_err(failed)? else {
            return Ok(None);
        };
        let seen: [u8; 4] = (*value).try_into().map_err(|_| failed(fjall::Error::Unrecoverable))?;
        Ok(Some(u32::from_be_bytes(seen)))
    }

    pub(crate) fn stretch(&self) -> Stretch {
        self.stretch
    }

    /// Returns the number of entries; an id in several runs counts in each.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Err(error) = self.disk.database.delete_keyspace(self.keyspace.clone()) {
            // The keyspace remains until the process ends.
            tracing::warn!(%error, "event ids on disk were not deleted");
        }
    }
}
