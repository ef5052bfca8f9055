//! What a former owner has left behind, and what the log has let go of.

use archive::{ArchiveError, ArchivedRecord, ObjectKey, Stored};
use chrono::DateTime;
use control_plane::Batch;
use stream::{Offset, Partition, StreamError};

use super::{
    Archiver,
    memory::Room,
    pending::Pending,
    worker::{CHUNK, Claim, times},
};
use crate::{
    ProcessorError,
    retry::{self, Pauses, read},
};

impl Archiver {
    /// Goes on where the log begins. What has left it before it was archived is lost to the archive:
    /// waiting would only make it more.
    pub(super) async fn skip_lost(&self, claim: &mut Claim) -> Result<(), ProcessorError> {
        let (lease, start) = (&claim.lease, claim.start);
        if lease.next_offset >= start {
            return Ok(());
        }
        if lease.next_offset == 0 {
            let partition = lease.partition;
            tracing::info!(partition, start, "the archive begins where the log does");
        } else {
            tell_lost(lease.partition, lease.next_offset, start - 1);
        }
        let as_of = lease.as_of.unwrap_or(DateTime::UNIX_EPOCH);
        let ledger = &self.log.ledger;
        let moved = retry::ledger("skip lost records", || ledger.advance(lease, start, as_of));
        claim.lease = moved.await?;
        self.reached(claim);
        Ok(())
    }

    /// Finishes what a former owner planned: the same records make the same object, so it does not
    /// matter whether it was put.
    pub(super) async fn take_over(
        &self,
        claim: &mut Claim,
        left: Batch,
    ) -> Result<(), ProcessorError> {
        let (first, last, partition) = (left.plan.first, left.plan.last, claim.lease.partition);
        tracing::info!(partition, first, last, "finishing what was left behind");
        let start = claim.start.max(first);
        if start > first {
            if let Some((stored, records)) = self.find(claim.key(last)).await {
                let logged = times(records.iter().map(|record| record.log_time));
                return self.mark(claim, claim.key(last), stored, logged).await;
            }
            tell_lost(partition, first, last.min(start - 1));
        }
        claim.pending.room = self.memory.take(self.cut.bytes).await;
        let mut range = self.log.reader.read_range(partition, start..(last + 1).max(start))?;
        while let Some(entries) = read(&mut range, CHUNK).await? {
            claim.pending.add(&entries, Room::default());
        }
        self.log.generation.confirm().await?;
        match claim.pending.records.last() {
            Some(record) if record.offset == last => {
                // Nobody vouches for what the log no longer held.
                let key = ObjectKey { first: start, ..claim.key(last) };
                self.finish(claim, key).await
            }
            None if start > last => self.leave_out(claim, last).await,
            _ => Err(StreamError::Gone { partition, offset: last }.into()),
        }
    }

    /// Moves on from a planned range of which nothing is left anywhere: no object stands for it.
    async fn leave_out(&self, claim: &mut Claim, last: Offset) -> Result<(), ProcessorError> {
        let as_of = claim.lease.as_of.unwrap_or(DateTime::UNIX_EPOCH);
        let (ledger, lease) = (&self.log.ledger, &claim.lease);
        let moved = retry::ledger("leave records out", || ledger.mark(lease, last, as_of)).await?;
        claim.lease = moved;
        claim.pending = Pending::default();
        self.reached(claim);
        Ok(())
    }

    /// The object of a range, if a former owner has put it.
    async fn find(&self, key: ObjectKey) -> Option<(Stored, Vec<ArchivedRecord>)> {
        let mut pauses = Pauses::new("look for an object in the archive");
        loop {
            match self.archive.find(key).await {
                Ok(found) => return found,
                // Putting what is left of the records will tell what to do about it.
                Err(ArchiveError::Damaged { .. }) => return None,
                Err(error) => pauses.wait(&error).await,
            }
        }
    }
}

fn tell_lost(partition: Partition, first: Offset, last: Offset) {
    tracing::error!(partition, first, last, "records have left the log before they were archived");
}
