use std::{collections::VecDeque, sync::Arc};

use tenancy::TenantRouter;

use super::{Buffer, End, buffer::Taken};
use crate::{Entry, LogRecord, Offset, Partition, StreamError, resolve};

/// Records of one partition, in the order of the log.
#[derive(Clone, Debug)]
pub struct PartitionBatch {
    /// The partition.
    pub partition: Partition,
    /// At least one entry, ascending by offset. Offsets may have holes.
    pub entries: Vec<Entry>,
}

impl PartitionBatch {
    /// The offset of the last entry.
    pub fn last(&self) -> Option<Offset> {
        self.entries.last().map(Entry::offset)
    }
}

/// A partition being read. Dropping it throws away what was read ahead.
pub struct PartitionStream {
    partition: Partition,
    buffer: Arc<Buffer>,
    router: TenantRouter,
    /// Taken, but not yet told apart by tenant: kept here so that a dropped or failed call to
    /// [`Self::next`] loses nothing.
    taken: VecDeque<LogRecord>,
}

impl PartitionStream {
    pub(crate) fn new(partition: Partition, buffer: Arc<Buffer>, router: TenantRouter) -> Self {
        Self { partition, buffer, router, taken: VecDeque::new() }
    }

    /// The partition.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// Whether the partition was taken away, or read to the end that was asked for.
    pub fn is_ended(&self) -> bool {
        self.buffer.is_ended()
    }

    /// The next records, as soon as there are any, up to `limit`. `None` once the partition is no
    /// longer ours, or was read to the end that was asked for.
    ///
    /// May be dropped while waiting and called again; after [`StreamError::Directory`] it goes on
    /// with the same records.
    pub async fn next(&mut self, limit: usize) -> Result<Option<PartitionBatch>, StreamError> {
        while self.taken.is_empty() {
            match self.buffer.take(limit.max(1))? {
                Taken::Records(records) => self.taken = records,
                Taken::Ended => return Ok(None),
                Taken::Nothing => self.buffer.changed().await,
            }
        }
        let owners = resolve::owners(&self.taken, &self.router).await?;
        let entries = self.taken.drain(..).map(|record| resolve::entry(record, &owners)).collect();
        Ok(Some(PartitionBatch { partition: self.partition, entries }))
    }
}

impl Drop for PartitionStream {
    fn drop(&mut self) {
        self.buffer.end(End::Revoked);
    }
}
