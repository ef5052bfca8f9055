use std::ops::Range;

use aggregates::{Aggregates, ChainStart, SlotGroup, whole_after};
use chrono::{DateTime, Utc};
use control_plane::Lease;
use log::Offset;

use crate::{Dependencies, ProcessorError, member::WorkerContext};

/// The most records of a partition that are read again after Redis lost them. Beyond that,
/// rebuilding the counters from ClickHouse takes less time.
const READ_AGAIN: u64 = 1_000_000;

/// Joins partitions to the chains of the slot groups, and starts new chains.
pub(super) struct Chains {
    context: WorkerContext,
    partitions: u16,
    aggregates: Aggregates,
}

impl Chains {
    pub(super) fn new(dependencies: &Dependencies, context: WorkerContext) -> Self {
        let partitions = dependencies.kafka.partitions;
        Self { context, partitions, aggregates: dependencies.aggregates.clone() }
    }

    /// Returns the offset to read from: the earliest that some slot group still needs. A slot group
    /// without a chain, or with one that cannot be continued, gets a new one that starts at the
    /// ledger's next offset.
    pub(super) async fn join(&self, lease: &Lease) -> Result<Offset, ProcessorError> {
        let next = lease.next;
        let fences = self.aggregates.fences(next.generation, next.partition).await?;
        let held = self.context.reader.bounds(next.partition).await?;
        let begin = next.offset.max(held.start);
        let mut earliest = begin;
        for (slot_group, fence) in fences {
            match fence {
                Some(fence) if can_continue(fence, &held, next.offset) => {
                    earliest = earliest.min(fence);
                }
                fence => self.start(lease, slot_group, fence, begin).await?,
            }
        }
        if earliest < next.offset {
            tracing::warn!(noted = %next, %earliest, "redis lost writes, reading them again");
        }
        Ok(earliest)
    }

    /// Starts a chain at `first`, in place of the fence that was `seen`. A rebuild adds what lies
    /// before it.
    pub(super) async fn start(
        &self,
        lease: &Lease,
        slot_group: SlotGroup,
        seen: Option<Offset>,
        first: Offset,
    ) -> Result<(), ProcessorError> {
        let next = lease.next.at(first);
        let is_empty_before =
            first == Offset::ZERO && !self.context.ledger.has_earlier(next.generation).await?;
        let whole_from = match is_empty_before {
            true => DateTime::UNIX_EPOCH,
            // What was logged until now may be missing from the counters.
            false => whole_after(Utc::now()),
        };
        let start = ChainStart {
            next,
            partitions: self.partitions,
            seen,
            whole_from,
            is_first: is_empty_before && lease.as_of.is_none(),
        };
        tracing::info!(%slot_group, %next, %whole_from, "starting a chain");
        if self.aggregates.start_chain(slot_group, &start).await? {
            Ok(())
        } else {
            Err(ProcessorError::Retake("another process started the chain"))
        }
    }

    /// Starts chains where a slot group has none. Returns whether all others have applied
    /// everything before `next`.
    pub(super) async fn complete(
        &self,
        lease: &Lease,
        next: Offset,
    ) -> Result<bool, ProcessorError> {
        let place = lease.next;
        let mut complete = true;
        for (slot_group, fence) in self.aggregates.fences(place.generation, place.partition).await?
        {
            match fence {
                Some(fence) => complete &= fence >= next,
                None => self.start(lease, slot_group, None, next).await?,
            }
        }
        Ok(complete)
    }
}

/// Whether the log still holds what a slot group with this fence needs, and it is not too much.
fn can_continue(fence: Offset, held: &Range<Offset>, noted: Offset) -> bool {
    fence >= held.start && noted - fence <= READ_AGAIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_continues_while_the_log_holds_its_fence_and_it_is_not_far_behind() {
        for (fence, held, noted, continues) in [
            (500, 100..900, 500, true),
            (500, 100..900, 700, true),
            (500, 100..900, 400, true),
            (500, 500..900, 900, true),
            (499, 500..900, 900, false),
            (0, 0..0, 0, true),
            (0, 0..9_000_000, READ_AGAIN, true),
            (0, 0..9_000_000, READ_AGAIN + 1, false),
        ] {
            let held = Offset::new(held.start)..Offset::new(held.end);
            let fence = Offset::new(fence);
            let noted = Offset::new(noted);
            assert_eq!(can_continue(fence, &held, noted), continues, "{fence} {held:?} {noted}");
        }
    }
}
