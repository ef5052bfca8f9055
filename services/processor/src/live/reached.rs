use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use control_plane::{ControlPlaneError, Ledger};
use stream::{Offset, Partition};

use super::SINK;

/// How often the ledger is asked how far other processes have been.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How far fences are known to have been, in every partition: by the ledger, and by what this
/// process saw itself. A Redis that came back with an older file does not know it any more.
#[derive(Default)]
pub(super) struct Reached(Mutex<Known>);

#[derive(Default)]
struct Known {
    offsets: BTreeMap<(u16, Partition), Offset>,
    asked_at: Option<Instant>,
}

impl Reached {
    /// A fence was there.
    pub(super) fn saw(&self, kgen: u16, partition: Partition, offset: Offset) {
        let mut known = self.known();
        let furthest = known.offsets.entry((kgen, partition)).or_default();
        *furthest = offset.max(*furthest);
    }

    /// Learns from the ledger, unless that was done a moment ago.
    pub(super) async fn ask(&self, ledger: &Ledger, topic: &str) -> Result<(), ControlPlaneError> {
        if self.known().asked_at.is_some_and(|asked_at| asked_at.elapsed() < ASK_EVERY) {
            return Ok(());
        }
        self.known().asked_at = Some(Instant::now());
        for (kgen, partition, offset) in ledger.noted_offsets(SINK, topic).await? {
            self.saw(kgen, partition, offset);
        }
        Ok(())
    }

    /// Log generations, partitions and offsets.
    pub(super) fn offsets(&self) -> Vec<(u16, Partition, Offset)> {
        let known = self.known();
        known.offsets.iter().map(|((kgen, partition), next)| (*kgen, *partition, *next)).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
