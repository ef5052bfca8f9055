use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use control_plane::{ControlPlaneError, Group, Ledger};
use log::{Generation, LogPlace, Offset, Partition};

/// How often the ledger is read for the fences of other processes.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// The highest known fence of every partition, from the ledger and from this process. Redis itself
/// does not know it after it was restored to an older file.
#[derive(Default)]
pub(super) struct KnownFences(Mutex<Known>);

#[derive(Default)]
struct Known {
    offsets: BTreeMap<(Generation, Partition), Offset>,
    refreshed_at: Option<Instant>,
}

impl KnownFences {
    /// Notes that a fence was at this place.
    pub(super) fn note(&self, fence: LogPlace) {
        let mut known = self.known();
        let highest = known.offsets.entry((fence.generation, fence.partition)).or_default();
        *highest = fence.offset.max(*highest);
    }

    /// Reads the ledger, unless it was read within the last second.
    pub(super) async fn refresh(
        &self,
        ledger: &Ledger,
        topic: &str,
    ) -> Result<(), ControlPlaneError> {
        if self.known().refreshed_at.is_some_and(|at| at.elapsed() < REFRESH_EVERY) {
            return Ok(());
        }
        self.known().refreshed_at = Some(Instant::now());
        for fence in ledger.noted_offsets(Group::Live, topic).await? {
            self.note(fence);
        }
        Ok(())
    }

    /// The fence of every partition.
    pub(super) fn places(&self) -> Vec<LogPlace> {
        let place = |((generation, partition), offset): (&(_, _), &_)| LogPlace {
            generation: *generation,
            partition: *partition,
            offset: *offset,
        };
        self.known().offsets.iter().map(place).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
