use archive::ObjectKey;
use control_plane::{Batch, Lease};
use log::Offset;

use super::pending::Pending;

/// What the worker of a partition holds.
pub(crate) struct PartitionState {
    pub(super) lease: Lease,
    /// Where the log began when the partition was taken.
    pub(super) log_start: Offset,
    pub(super) pending: Pending,
    /// What a former owner planned and did not mark.
    pub(super) unmarked: Option<Batch>,
}

impl PartitionState {
    /// The object of the next batch, if that ends at `last`.
    pub(super) fn key(&self, last: Offset) -> ObjectKey {
        self.lease.next.to(last).into()
    }
}
