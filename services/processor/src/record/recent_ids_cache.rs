use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use control_plane::Group;
use log::{Generation, Partition};
use recent_ids::{Memory, RecentIds, RecentIdsError, Remembered};
use telemetry::Gauge;
use tokio::task::spawn_blocking;

use super::Recent;
use crate::ProcessorError;

/// The event ids that a group remembers, by generation of the log and partition. They outlive the
/// workers: a partition that comes back after a rebalance need not be read again. Cloning shares
/// them.
#[derive(Clone)]
pub(crate) struct RecentIdsCache {
    group: Group,
    memory: Memory,
    slots: Arc<Mutex<BTreeMap<(Generation, Partition), Entry>>>,
}

struct Entry {
    slot: Arc<Slot>,
    /// When its last worker released it.
    unused_since: Option<Instant>,
}

impl RecentIdsCache {
    pub(crate) fn new(group: Group, memory: Memory) -> Self {
        Self { group, memory, slots: Arc::default() }
    }

    /// The ids of a partition, for its new worker. The worker that had them before loses access.
    pub(crate) fn take(&self, generation: Generation, partition: Partition) -> Recent {
        let slot = self.update(|slots| {
            let entry = slots.entry((generation, partition)).or_insert_with(|| Entry {
                slot: Arc::new(Slot::new(self.group, self.memory.clone())),
                unused_since: None,
            });
            entry.unused_since = None;
            Arc::clone(&entry.slot)
        });
        Recent::new(slot, partition)
    }

    /// Forgets partitions that no worker has used for longer than `retained`.
    pub(crate) async fn expire(&self, retained: Duration) {
        let expired = self.update(|slots| {
            for entry in slots.values_mut() {
                let unused = Arc::strong_count(&entry.slot) == 1;
                entry.unused_since =
                    unused.then(|| entry.unused_since.unwrap_or_else(Instant::now));
            }
            let is_expired =
                |entry: &Entry| entry.unused_since.is_some_and(|since| since.elapsed() > retained);
            slots.extract_if(.., |_, entry| is_expired(entry)).collect::<Vec<_>>()
        });
        if !expired.is_empty() {
            // Files are removed.
            drop(spawn_blocking(move || drop(expired)).await);
        }
    }

    fn update<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<(Generation, Partition), Entry>) -> T,
    ) -> T {
        change(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The ids of one partition, and the number of the worker that may use them.
pub(super) struct Slot {
    group: Group,
    memory: Memory,
    /// The number of the worker that owns the ids.
    owner: AtomicU64,
    ids: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    ids: Option<RecentIds>,
    /// What the gauges count of them.
    measured: Remembered,
}

impl Slot {
    pub(super) fn new(group: Group, memory: Memory) -> Self {
        Self { group, memory, owner: AtomicU64::new(0), ids: Mutex::default() }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Makes the caller the owner, and returns its number.
    pub(super) fn take(&self) -> u64 {
        self.owner.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Changes the ids. It may block: it waits for a former owner's last batch, and may read files.
    /// An error drops the ids.
    pub(super) fn change<T>(
        &self,
        owner: u64,
        change: impl FnOnce(&mut Option<RecentIds>) -> Result<T, RecentIdsError>,
    ) -> Result<T, ProcessorError> {
        let mut held = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if self.owner.load(Ordering::SeqCst) != owner {
            return Err(ProcessorError::Retake("another worker owns its event ids"));
        }
        // Taken out meanwhile, so that a panic drops them too.
        let mut ids = held.ids.take();
        let changed = change(&mut ids);
        held.ids = ids.filter(|_| changed.is_ok());
        self.measure(&mut held);
        Ok(changed?)
    }

    fn measure(&self, held: &mut Held) {
        let now = held.ids.as_ref().map(RecentIds::remembered).unwrap_or_default();
        let before = std::mem::replace(&mut held.measured, now);
        let places = [("memory", before.memory, now.memory), ("disk", before.disk, now.disk)];
        for (place, before, now) in places {
            let change = i64::try_from(now).unwrap_or(0) - i64::try_from(before).unwrap_or(0);
            Gauge::EventIdsRemembered.add(&[self.group.as_str(), place], change);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held =
            std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner));
        held.ids = None;
        self.measure(&mut held);
    }
}
