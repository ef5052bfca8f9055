use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use tenancy::{ClientId, ResolveError, TenantContext, TenantRouter};

use super::{Buffer, End, buffer::Taken};
use crate::{
    Entry, Offset, Partition, StreamError, Unresolved, UnresolvedReason, record::RawRecord,
};

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
    taken: VecDeque<RawRecord>,
}

type Owners = HashMap<Bytes, Result<TenantContext, UnresolvedReason>>;

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
        let owners = self.owners().await?;
        let entries = self.taken.drain(..).map(|raw| entry(raw, &owners)).collect();
        Ok(Some(PartitionBatch { partition: self.partition, entries }))
    }

    /// Whose the taken records are, by key.
    async fn owners(&self) -> Result<Owners, StreamError> {
        let mut owners = Owners::new();
        for raw in &self.taken {
            if !owners.contains_key(&raw.key) {
                owners.insert(raw.key.clone(), self.owner(&raw.key).await?);
            }
        }
        Ok(owners)
    }

    #[expect(clippy::disallowed_methods, reason = "here a record's key was read from the log")]
    async fn owner(
        &self,
        key: &[u8],
    ) -> Result<Result<TenantContext, UnresolvedReason>, StreamError> {
        let Some(client_id) = std::str::from_utf8(key).ok().and_then(|key| key.parse().ok()) else {
            return Ok(Err(UnresolvedReason::Key));
        };
        let client_id: ClientId = client_id;
        match self.router.resolve_record(&client_id).await {
            Ok(tenant) => Ok(Ok(tenant)),
            Err(ResolveError::Directory(error)) => Err(error.into()),
            Err(_) => Ok(Err(UnresolvedReason::UnknownTenant)),
        }
    }
}

impl Drop for PartitionStream {
    fn drop(&mut self) {
        self.buffer.end(End::Revoked);
    }
}

#[expect(clippy::disallowed_methods, reason = "here data enters from the log, under its key")]
fn entry(raw: RawRecord, owners: &Owners) -> Entry {
    let RawRecord { key, record } = raw;
    match owners.get(&key) {
        Some(Ok(tenant)) => Entry::Record(tenant.scope(record)),
        Some(Err(reason)) => Entry::Unresolved(unresolved(&record, *reason)),
        None => Entry::Unresolved(unresolved(&record, UnresolvedReason::Key)),
    }
}

fn unresolved(record: &crate::LogRecord, reason: UnresolvedReason) -> Unresolved {
    Unresolved {
        partition: record.partition,
        offset: record.offset,
        log_time: record.log_time,
        reason,
    }
}
