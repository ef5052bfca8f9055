//! The last net: what the ledger says was stored, held against what the tables hold.

mod auditor;
mod compare;
mod objects;
mod report;
mod watch;

use std::{ops::Range, time::Duration};

use chrono::{DateTime, Utc};
use control_plane::AuditTurn;
use stream::LogReader;
use tokio::time::sleep;

pub(crate) use auditor::Auditor;
pub use objects::ArchiveFindings;
pub use report::{AuditProgress, AuditReport, Trouble};
pub(crate) use watch::watch;

use crate::{Parts, ProcessorError, Sink, generation::Generation, history::History};
use auditor::Depth;

/// How long between two questions whether another audit has ended.
const TURN: Duration = Duration::from_millis(200);

/// What an operator wants audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// When the batches in question were stored.
    pub stored: Range<DateTime<Utc>>,
    /// Whether every coordinate and every byte of the archive is compared, rather than counts and
    /// sizes.
    pub full: bool,
}

/// Audits what an operator wants, and puts right what is wrong. Waits while another audit is under
/// way.
///
/// # Errors
/// The log or the ledger cannot be reached.
pub async fn audit(
    parts: &Parts,
    wanted: Audit,
    observe: &mut (dyn FnMut(AuditProgress) + Send),
) -> Result<AuditReport, ProcessorError> {
    let mut auditor = Auditor::of(parts).await?;
    let mut turn = turn(&auditor).await?;
    let depth = if wanted.full { Depth::Coordinates } else { Depth::Objects };
    let report = turn.during(auditor.look(wanted.stored, depth, observe)).await??;
    turn.end().await?;
    Ok(report)
}

/// The right to repair, as soon as no other process has it.
pub(crate) async fn turn(auditor: &Auditor) -> Result<AuditTurn, ProcessorError> {
    loop {
        match auditor.ledger().begin_audit().await? {
            Some(turn) => return Ok(turn),
            None => sleep(TURN).await,
        }
    }
}

impl Auditor {
    /// An auditor of the log as it is now.
    pub(crate) async fn of(parts: &Parts) -> Result<Self, ProcessorError> {
        let ledger = parts.control_plane.ledger();
        let (archive, router) = (parts.archive.clone(), parts.router.clone());
        let reader = LogReader::new(&parts.kafka, router.clone())?;
        let generation = Generation::find(&parts.kafka, &ledger, &reader).await?;
        let history = History::new(Sink::Store, generation, reader, ledger, archive, router);
        Ok(Self::new(parts, history, parts.settings.recent_ids()?))
    }
}
