use std::ops::Range;

use aggregates::{Aggregates, Bucket, ChainStart, whole_after};
use chrono::{DateTime, Utc};
use control_plane::Lease;
use stream::Offset;

use crate::{Parts, ProcessorError, member::Log};

/// The most records of a partition that are read again after Redis lost them. Beyond that the
/// counters are built anew from ClickHouse, which takes less time.
const READ_AGAIN: u64 = 1_000_000;

/// The fences of the buckets: how partitions join them, and begin new ones.
pub(super) struct Chains {
    log: Log,
    partitions: u16,
    aggregates: Aggregates,
}

impl Chains {
    pub(super) fn new(parts: &Parts, log: Log) -> Self {
        let (partitions, aggregates) = (parts.kafka.partitions, parts.aggregates.clone());
        Self { log, partitions, aggregates }
    }

    /// The offset to read on from: the earliest that some bucket still needs. A bucket without a
    /// chain, or with one that cannot be gone on with, gets one from where the ledger knows the
    /// work to be.
    pub(super) async fn join(&self, lease: &Lease) -> Result<Offset, ProcessorError> {
        let fences = self.aggregates.fences(lease.kgen, lease.partition).await?;
        let held = self.log.reader.bounds(lease.partition).await?;
        let begin = lease.next_offset.max(held.start);
        let mut earliest = begin;
        for (bucket, fence) in fences {
            match fence {
                Some(fence) if can_read_on(fence, &held, lease.next_offset) => {
                    earliest = earliest.min(fence);
                }
                fence => self.start(lease, bucket, fence, begin).await?,
            }
        }
        if earliest < lease.next_offset {
            let (partition, noted) = (lease.partition, lease.next_offset);
            tracing::warn!(partition, noted, earliest, "redis lost writes, reading them again");
        }
        Ok(earliest)
    }

    /// Begins a chain at `next_offset`, in place of the fence that was `seen`. What stands below
    /// is added by a rebuild.
    pub(super) async fn start(
        &self,
        lease: &Lease,
        bucket: Bucket,
        seen: Option<Offset>,
        next_offset: Offset,
    ) -> Result<(), ProcessorError> {
        let nothing_below = next_offset == 0 && !self.log.ledger.has_earlier(lease.kgen).await?;
        let whole_from = match nothing_below {
            true => DateTime::UNIX_EPOCH,
            // Whatever was logged by now may be missing from the counters.
            false => whole_after(Utc::now()),
        };
        let start = ChainStart {
            kgen: lease.kgen,
            partition: lease.partition,
            partitions: self.partitions,
            seen,
            next_offset,
            whole_from,
            is_first: nothing_below && lease.as_of.is_none(),
        };
        tracing::info!(%bucket, lease.partition, next_offset, %whole_from, "starting a chain");
        if self.aggregates.start_chain(bucket, &start).await? {
            Ok(())
        } else {
            Err(ProcessorError::Retake("somebody else started the chain"))
        }
    }

    /// Begins chains where a bucket has none; whether all others have come as far as `next`.
    pub(super) async fn complete(
        &self,
        lease: &Lease,
        next: Offset,
    ) -> Result<bool, ProcessorError> {
        let mut complete = true;
        for (bucket, fence) in self.aggregates.fences(lease.kgen, lease.partition).await? {
            match fence {
                Some(fence) => complete &= fence >= next,
                None => self.start(lease, bucket, None, next).await?,
            }
        }
        Ok(complete)
    }
}

/// Whether the log still holds what a bucket with this fence needs, and it is not too much.
fn can_read_on(fence: Offset, held: &Range<Offset>, noted: Offset) -> bool {
    fence >= held.start && noted.saturating_sub(fence) <= READ_AGAIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_reads_on_while_the_log_holds_the_fence_and_it_is_not_far_behind() {
        for (fence, held, noted, reads_on) in [
            (500, 100..900, 500, true),
            (500, 100..900, 700, true),
            (500, 100..900, 400, true),
            (500, 500..900, 900, true),
            (499, 500..900, 900, false),
            (0, 0..0, 0, true),
            (0, 0..9_000_000, READ_AGAIN, true),
            (0, 0..9_000_000, READ_AGAIN + 1, false),
        ] {
            assert_eq!(can_read_on(fence, &held, noted), reads_on, "{fence} {held:?} {noted}");
        }
    }
}
