use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use recent_ids::{Memory, RecentIds, RecentIdsError, Remembered};
use stream::Partition;
use telemetry::Gauge;
use tokio::task::spawn_blocking;

use super::Recent;
use crate::{ProcessorError, Sink};

/// The event ids that a sink remembers, by generation of the log and partition. They outlive the
/// workers: a partition that comes back after a rebalance need not be read again. Cloning shares
/// them.
#[derive(Clone)]
pub(crate) struct Kept {
    sink: Sink,
    memory: Memory,
    slots: Arc<Mutex<BTreeMap<(u16, Partition), Entry>>>,
}

struct Entry {
    slot: Arc<Slot>,
    /// Since when no worker has it.
    idle_since: Option<Instant>,
}

impl Kept {
    pub(crate) fn new(sink: Sink, memory: Memory) -> Self {
        Self { sink, memory, slots: Arc::default() }
    }

    /// The ids of a partition, for its new worker. Whoever had them before has no say any more.
    pub(crate) fn take(&self, kgen: u16, partition: Partition) -> Recent {
        let slot = self.update(|slots| {
            let entry = slots.entry((kgen, partition)).or_insert_with(|| Entry {
                slot: Arc::new(Slot::new(self.sink, self.memory.clone())),
                idle_since: None,
            });
            entry.idle_since = None;
            Arc::clone(&entry.slot)
        });
        Recent::new(slot, partition)
    }

    /// Forgets partitions that nobody here has had for longer than `idle`.
    pub(crate) async fn let_go(&self, idle: Duration) {
        let gone = self.update(|slots| {
            for entry in slots.values_mut() {
                let idle = Arc::strong_count(&entry.slot) == 1;
                entry.idle_since = idle.then(|| entry.idle_since.unwrap_or_else(Instant::now));
            }
            let long = |entry: &Entry| entry.idle_since.is_some_and(|since| since.elapsed() > idle);
            slots.extract_if(.., |_, entry| long(entry)).collect::<Vec<_>>()
        });
        if !gone.is_empty() {
            // Files are removed.
            drop(spawn_blocking(move || drop(gone)).await);
        }
    }

    fn update<T>(&self, change: impl FnOnce(&mut BTreeMap<(u16, Partition), Entry>) -> T) -> T {
        change(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The ids of one partition, and who may use them.
pub(super) struct Slot {
    sink: Sink,
    memory: Memory,
    /// The number of the worker that has it.
    owner: AtomicU64,
    ids: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    ids: Option<RecentIds>,
    /// What the gauges know.
    told: Remembered,
}

impl Slot {
    pub(super) fn new(sink: Sink, memory: Memory) -> Self {
        Self { sink, memory, owner: AtomicU64::new(0), ids: Mutex::default() }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The number of a new owner.
    pub(super) fn take(&self) -> u64 {
        self.owner.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Changes the ids. It may block: a former owner's last batch is waited for, and files may be
    /// read. After an error there are no ids any more.
    pub(super) fn change<T>(
        &self,
        owner: u64,
        change: impl FnOnce(&mut Option<RecentIds>) -> Result<T, RecentIdsError>,
    ) -> Result<T, ProcessorError> {
        let mut held = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if self.owner.load(Ordering::SeqCst) != owner {
            return Err(ProcessorError::Retake("another worker has its event ids"));
        }
        // Out of their place meanwhile, so that a panic leaves none either.
        let mut ids = held.ids.take();
        let changed = change(&mut ids);
        held.ids = ids.filter(|_| changed.is_ok());
        self.tell(&mut held);
        Ok(changed?)
    }

    fn tell(&self, held: &mut Held) {
        let now = held.ids.as_ref().map(RecentIds::remembered).unwrap_or_default();
        let before = std::mem::replace(&mut held.told, now);
        let places = [("memory", before.memory, now.memory), ("disk", before.disk, now.disk)];
        for (place, before, now) in places {
            let change = i64::try_from(now).unwrap_or(0) - i64::try_from(before).unwrap_or(0);
            Gauge::EventIdsRemembered.add(&[self.sink.as_str(), place], change);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held =
            std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner));
        held.ids = None;
        self.tell(&mut held);
    }
}
