//! Reconciliation: compares what the ledger says was stored with the tables and the archive, and
//! repairs what differs.

mod expected;
mod objects;
mod reconciler;
mod report;
mod watch;

use std::{ops::Range, time::Duration};

use chrono::{DateTime, Utc};
use control_plane::{ExclusiveLease, Group};
use stream::LogReader;
use tokio::time::sleep;

pub use objects::ArchiveFindings;
pub(crate) use reconciler::Reconciler;
pub use report::{ReconcileProgress, ReconcileReport, Trouble};
pub(crate) use watch::watch;

use crate::{
    Dependencies, ProcessorError, current_generation::CurrentGeneration, history::History,
};
use reconciler::Depth;

/// How often the lease of another reconciliation is checked.
const LEASE_CHECK: Duration = Duration::from_millis(200);

/// A reconciliation that an operator requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconcile {
    /// When the batches to be compared were stored.
    pub stored: Range<DateTime<Utc>>,
    /// Whether every coordinate and every byte of the archive is compared, rather than counts and
    /// sizes.
    pub full: bool,
}

/// Compares and repairs what an operator requests. Waits while another reconciliation runs.
///
/// # Errors
/// The log or the ledger is unavailable.
pub async fn reconcile(
    dependencies: &Dependencies,
    request: Reconcile,
    observe: &mut (dyn FnMut(ReconcileProgress) + Send),
) -> Result<ReconcileReport, ProcessorError> {
    let mut reconciler = Reconciler::of(dependencies).await?;
    let mut lease = wait_for_lease(&reconciler).await?;
    let depth = if request.full { Depth::Coordinates } else { Depth::Objects };
    let report = lease.during(reconciler.run(request.stored, depth, observe)).await??;
    lease.end().await?;
    Ok(report)
}

/// The right to repair, as soon as no other process has it.
pub(crate) async fn wait_for_lease(
    reconciler: &Reconciler,
) -> Result<ExclusiveLease, ProcessorError> {
    loop {
        match reconciler.ledger().begin_reconciliation().await? {
            Some(lease) => return Ok(lease),
            None => sleep(LEASE_CHECK).await,
        }
    }
}

impl Reconciler {
    /// A reconciler of the log as it is now.
    pub(crate) async fn of(dependencies: &Dependencies) -> Result<Self, ProcessorError> {
        let Dependencies { kafka, archive, router, settings, .. } = dependencies;
        let ledger = dependencies.control_plane.ledger();
        let reader = LogReader::new(kafka, router.clone())?;
        let current = CurrentGeneration::find(kafka, &ledger, &reader).await?;
        let archive = archive.clone();
        let router = router.clone();
        let history = History::new(Group::Store, current, reader, ledger, archive, router);
        Ok(Self::new(dependencies, history, settings.recent_ids()?))
    }
}
