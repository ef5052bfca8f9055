use control_plane::{Group, Lease, Ledger};
use log::Generation;
use stream::LogReader;

use super::Progress;
use crate::{
    current_generation::CurrentGeneration, history::History, known_erasures::KnownErasures,
    record::RecentIdsCache,
};

/// What every worker of a group works with. Cloning shares it.
#[derive(Clone)]
pub(crate) struct WorkerContext {
    pub(crate) group: Group,
    pub(crate) current: CurrentGeneration,
    /// This process, as its leases name it.
    pub(crate) owner: String,
    pub(crate) ledger: Ledger,
    pub(crate) reader: LogReader,
    pub(crate) history: History,
    pub(crate) progress: Progress,
    /// The persons whose earlier events are left out.
    pub(crate) erasures: KnownErasures,
    /// The event ids by which re-sends are recognised.
    pub(crate) recent_ids: RecentIdsCache,
}

impl WorkerContext {
    /// The generation of the log.
    pub(crate) fn generation(&self) -> Generation {
        self.current.get()
    }

    /// Reports that everything before the lease's next offset is processed.
    pub(crate) fn report(&self, lease: &Lease) {
        let Lease { next, epoch, as_of, .. } = lease;
        self.progress.report(next.partition, *epoch, next.offset, *as_of);
    }
}
