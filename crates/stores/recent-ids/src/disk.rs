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

/// The ids that do not fit into memory. Nothing on it outlives the process.
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
    /// A new one at `path`, which must not exist, with a cache of so many bytes.
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

    /// Whether nothing has failed on it yet.
    pub(crate) fn is_sound(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    /// Nothing more is to be put on it.
    pub(crate) fn failed(&self, doing: &'static str, error: fjall::Error) -> RecentIdsError {
        self.failed.store(true, Ordering::Relaxed);
        RecentIdsError::disk(doing)(error)
    }
}

/// Runs of a partition that follow each other, on disk.
pub(crate) struct Span {
    disk: Arc<Disk>,
    keyspace: Keyspace,
    stretch: Stretch,
    entries: usize,
    /// The filters of its runs, as long as there is room for them: a key that is in none of them
    /// need not be looked for on disk.
    filters: Option<Vec<(Filter, Charge)>>,
}

impl Span {
    /// How long a span goes on, in seconds: a key that is nowhere is looked for in each of the
    /// few, and each is let go as a whole.
    const LONGEST: u32 = 8 * 3_600;

    /// An empty one, for runs from `stretch` on.
    pub(crate) fn new(disk: Arc<Disk>, stretch: Stretch) -> Result<Self, RecentIdsError> {
        let name = disk.spans.fetch_add(1, Ordering::Relaxed).to_string();
        // Whatever a look needs goes through the cache, block by block: nothing is pinned.
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
            .map_err(|error| disk.failed("make a place for a span", error))?;
        Ok(Self { disk, keyspace, stretch, entries: 0, filters: Some(Vec::new()) })
    }

    /// Whether a run belongs to it.
    pub(crate) fn takes(&self, run: &Run) -> bool {
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

    /// Gives up the filters; whether there were any.
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

    /// When the key was last seen within the span.
    pub(crate) fn find(&self, key: Key, probe: &Probe) -> Result<Option<u32>, RecentIdsError> {
        let nowhere =
            |filters: &Vec<(Filter, _)>| filters.iter().all(|(filter, _)| !filter.may_hold(probe));
        if self.filters.as_ref().is_some_and(nowhere) {
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

    /// How many entries were added: an id seen in several runs counts in each.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Err(error) = self.disk.database.delete_keyspace(self.keyspace.clone()) {
            // It stays until the process ends.
            tracing::warn!(%error, "event ids on disk were not deleted");
        }
    }
}
