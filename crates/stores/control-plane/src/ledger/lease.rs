use chrono::{DateTime, Utc};
use log::{LogPlace, Offset, Partition};

use crate::{ControlPlaneError, Group};

/// The right to work on a partition, until another process takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The consumer group.
    pub group: Group,
    /// The first place that is not done.
    pub next: LogPlace,
    /// The number of the take. Each take raises it, by PostgreSQL's clock, so that no epoch is used
    /// again after the ledger is restored to an older state.
    pub epoch: u64,
    /// Everything received before this time is done; `None` until the first mark.
    pub as_of: Option<DateTime<Utc>>,
}

/// A partition whose owner has reached the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpToDate {
    /// The partition.
    pub partition: Partition,
    /// The epoch of the owner's lease.
    pub epoch: u64,
    /// The end of the log: the first offset that is not done.
    pub next: Offset,
}

/// The ledger did not write.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process took the lease, or the step does not follow the last one: stop working on
    /// the partition and take it again.
    #[error("the lease is no longer held, or the step does not follow the last one")]
    Fenced,
    /// The step would write on a route that is no longer that of its tenant: read the records again, and
    /// write them on the current one.
    #[error("the route of a tenant has changed")]
    Rerouted,
    /// The outcome is unknown; the lease may still be held.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
}

impl From<sqlx::Error> for LedgerError {
    /// A batch that exists already was planned by an owner that did not receive the answer. The
    /// next owner of the lease reads it.
    fn from(error: sqlx::Error) -> Self {
        match ControlPlaneError::from(error) {
            ControlPlaneError::Conflict { .. } => Self::Fenced,
            other => Self::ControlPlane(other),
        }
    }
}

impl Lease {
    /// The lease after a statement that advances it to `next`: `moved` is the row it returned.
    pub(super) fn advanced(
        &self,
        next: Offset,
        moved: Option<Option<DateTime<Utc>>>,
    ) -> Result<Self, LedgerError> {
        let as_of = moved.ok_or(LedgerError::Fenced)?;
        Ok(Self { next: self.next.at(next), as_of, ..self.clone() })
    }
}
