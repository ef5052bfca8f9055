use std::{collections::VecDeque, sync::Arc};

use log::{Offset, Partition};
use tenancy::TenantRouter;

use super::{Buffer, End, buffer::Taken};
use crate::{Entry, LogRecord, StreamError, resolve};

/// Records of one partition, in the order of the log.
#[derive(Clone, Debug)]
pub struct PartitionBatch {
    /// The partition.
    pub partition: Partition,
    /// At least one entry, ascending by offset. Offsets may have holes.
    pub entries: Vec<Entry>,
}

impl PartitionBatch {
    /// Returns the offset of the last entry.
    pub fn last(&self) -> Option<Offset> {
        self.entries.last().map(Entry::offset)
    }
}

/// A partition being read. Dropping it discards the buffered records.
pub struct PartitionStream {
    partition: Partition,
    buffer: Arc<Buffer>,
    router: TenantRouter,
    /// Taken from the buffer, but their tenants are not known yet: held here so that a dropped or
    /// failed call of [`Self::next`] loses nothing.
    pending: VecDeque<LogRecord>,
}

impl PartitionStream {
    pub(crate) fn new(partition: Partition, buffer: Arc<Buffer>, router: TenantRouter) -> Self {
        Self { partition, buffer, router, pending: VecDeque::new() }
    }

    /// Returns the partition.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// Whether the partition was revoked, or read to the requested end.
    pub fn is_ended(&self) -> bool {
        self.buffer.is_ended()
    }

    /// Waits for the next records and returns up to `limit` of them; `None` once the partition was
    /// revoked, or read to the requested end.
    ///
    /// May be dropped while waiting and called again; after [`StreamError::Directory`] the next
    /// call continues with the same records.
    pub async fn next(&mut self, limit: usize) -> Result<Option<PartitionBatch>, StreamError> {
        while self.pending.is_empty() {
            match self.buffer.take(limit.max(1))? {
                Taken::Records(records) => self.pending = records,
                Taken::Ended => return Ok(None),
                Taken::Nothing => self.buffer.changed().await,
            }
        }
        let owners = resolve::owners(&self.pending, &self.router).await?;
        let entries =
            self.pending.drain(..).map(|record| resolve::entry(record, &owners)).collect();
        Ok(Some(PartitionBatch { partition: self.partition, entries }))
    }
}

impl Drop for PartitionStream {
    fn drop(&mut self) {
        self.buffer.end(End::Revoked);
    }
}
