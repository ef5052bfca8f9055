use std::mem;

use control_plane::Lease;
use telemetry::{TraceSpan, in_span};
use tokio::{sync::oneshot, task::JoinSet};

use crate::ProcessorError;

/// The most batches of a partition under way at a time: while one lands, the next is sent.
const MOST: usize = 2;

/// The batches of a partition under way. They land in any order and are marked in that of the log.
/// Dropping this stops them wherever they are.
pub(super) struct InFlight {
    batches: JoinSet<Result<(), ProcessorError>>,
    /// The lease, once the last batch under way is marked.
    turn: Turn,
}

/// A batch's turn to be marked: the batch before it hands the lease on.
pub(super) struct Turn(oneshot::Receiver<Lease>);

impl Turn {
    /// Waits until it is this batch's turn, and returns the lease.
    pub(super) async fn wait(self) -> Result<Lease, ProcessorError> {
        self.0.await.map_err(|_| ProcessorError::Retake("the batch before this one failed"))
    }
}

impl InFlight {
    /// No batch under way.
    pub(super) fn new(lease: Lease) -> Self {
        let (next, turn) = oneshot::channel();
        // The receiver exists: it is kept below.
        let _ = next.send(lease);
        Self { batches: JoinSet::new(), turn: Turn(turn) }
    }

    /// Starts a batch, which returns the lease after its mark.
    pub(super) fn begin<F>(&mut self, batch: impl FnOnce(Turn) -> F)
    where
        F: Future<Output = Result<Lease, ProcessorError>> + Send + 'static,
    {
        let (next, turn) = oneshot::channel();
        let marked = batch(mem::replace(&mut self.turn, Turn(turn)));
        let marked = in_span(TraceSpan::current(), marked);
        self.batches.spawn(async move {
            // The receiver is gone if the partition was revoked meanwhile.
            let _ = next.send(marked.await?);
            Ok(())
        });
    }

    /// Waits until one more batch may be planned.
    pub(super) async fn room(&mut self) -> Result<(), ProcessorError> {
        while self.batches.len() >= MOST {
            self.join_one().await?;
        }
        self.check_for_failure()
    }

    /// Fails if a batch has failed.
    pub(super) fn check_for_failure(&mut self) -> Result<(), ProcessorError> {
        while let Some(ended) = self.batches.try_join_next() {
            ended.map_err(ProcessorError::Worker)??;
        }
        Ok(())
    }

    /// Waits for all batches.
    pub(super) async fn all(&mut self) -> Result<(), ProcessorError> {
        while !self.batches.is_empty() {
            self.join_one().await?;
        }
        Ok(())
    }

    async fn join_one(&mut self) -> Result<(), ProcessorError> {
        match self.batches.join_next().await {
            Some(ended) => ended.map_err(ProcessorError::Worker)?,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use control_plane::Group;
    use log::{LogPlace, Offset};

    use super::*;

    fn advance(lease: Lease, next: u64) -> Lease {
        Lease { next: lease.next.at(Offset::new(next)), ..lease }
    }

    fn lease(next: u64) -> Lease {
        Lease { group: Group::Store, next: LogPlace::new(1, 0, next), epoch: 1, as_of: None }
    }

    #[tokio::test]
    async fn the_second_batch_may_land_first_and_is_marked_second() {
        let mut in_flight = InFlight::new(lease(0));
        let (landed, first_lands) = oneshot::channel();
        in_flight.begin(|turn| async move {
            first_lands.await.unwrap();
            let lease = turn.wait().await?;
            assert_eq!(lease.next.offset, Offset::ZERO);
            Ok(advance(lease, 10))
        });
        let (second_landed, seen) = oneshot::channel();
        in_flight.begin(|turn| async move {
            second_landed.send(()).unwrap();
            let lease = turn.wait().await?;
            assert_eq!(lease.next.offset, Offset::new(10));
            Ok(advance(lease, 20))
        });
        seen.await.unwrap();
        in_flight.check_for_failure().unwrap();
        landed.send(()).unwrap();
        in_flight.all().await.unwrap();
        assert_eq!(in_flight.turn.wait().await.unwrap().next.offset, Offset::new(20));
    }

    #[tokio::test]
    async fn after_a_batch_that_failed_none_is_marked() {
        let mut in_flight = InFlight::new(lease(0));
        in_flight.begin(|_| async { Err(ProcessorError::Retake("a test")) });
        in_flight.begin(Turn::wait);
        assert!(in_flight.all().await.is_err());
        assert!(in_flight.turn.wait().await.is_err());
    }
}
