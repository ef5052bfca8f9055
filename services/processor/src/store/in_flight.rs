use std::mem;

use control_plane::Lease;
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

/// When it is a batch's turn to be marked: the one before hands the lease on.
pub(super) struct Turn(oneshot::Receiver<Lease>);

impl Turn {
    /// The lease, once it is this batch's turn.
    pub(super) async fn come(self) -> Result<Lease, ProcessorError> {
        self.0.await.map_err(|_| ProcessorError::Retake("the batch before failed"))
    }
}

impl InFlight {
    /// None under way.
    pub(super) fn new(lease: Lease) -> Self {
        let (next, turn) = oneshot::channel();
        // The receiver is right here.
        let _ = next.send(lease);
        Self { batches: JoinSet::new(), turn: Turn(turn) }
    }

    /// Sets a batch going that returns the lease it has marked with.
    pub(super) fn begin<F>(&mut self, batch: impl FnOnce(Turn) -> F)
    where
        F: Future<Output = Result<Lease, ProcessorError>> + Send + 'static,
    {
        let (next, turn) = oneshot::channel();
        let marked = batch(mem::replace(&mut self.turn, Turn(turn)));
        self.batches.spawn(async move {
            // Nobody listens when the partition was given up meanwhile.
            let _ = next.send(marked.await?);
            Ok(())
        });
    }

    /// Waits until one more may be planned.
    pub(super) async fn room(&mut self) -> Result<(), ProcessorError> {
        while self.batches.len() >= MOST {
            self.one().await?;
        }
        self.look()
    }

    /// Whether all is well so far.
    pub(super) fn look(&mut self) -> Result<(), ProcessorError> {
        while let Some(ended) = self.batches.try_join_next() {
            ended.map_err(ProcessorError::Worker)??;
        }
        Ok(())
    }

    /// Waits for all.
    pub(super) async fn all(&mut self) -> Result<(), ProcessorError> {
        while !self.batches.is_empty() {
            self.one().await?;
        }
        Ok(())
    }

    async fn one(&mut self) -> Result<(), ProcessorError> {
        match self.batches.join_next().await {
            Some(ended) => ended.map_err(ProcessorError::Worker)?,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(next_offset: u64) -> Lease {
        Lease { group: "store", kgen: 1, partition: 0, epoch: 1, next_offset, as_of: None }
    }

    #[tokio::test]
    async fn the_second_batch_may_land_first_and_is_marked_second() {
        let mut in_flight = InFlight::new(lease(0));
        let (landed, first_lands) = oneshot::channel();
        in_flight.begin(|turn| async move {
            first_lands.await.unwrap();
            let lease = turn.come().await?;
            assert_eq!(lease.next_offset, 0);
            Ok(Lease { next_offset: 10, ..lease })
        });
        let (second_landed, seen) = oneshot::channel();
        in_flight.begin(|turn| async move {
            second_landed.send(()).unwrap();
            let lease = turn.come().await?;
            assert_eq!(lease.next_offset, 10);
            Ok(Lease { next_offset: 20, ..lease })
        });
        seen.await.unwrap();
        in_flight.look().unwrap();
        landed.send(()).unwrap();
        in_flight.all().await.unwrap();
        assert_eq!(in_flight.turn.come().await.unwrap().next_offset, 20);
    }

    #[tokio::test]
    async fn after_a_batch_that_failed_none_is_marked() {
        let mut in_flight = InFlight::new(lease(0));
        in_flight.begin(|_| async { Err(ProcessorError::Retake("a test")) });
        in_flight.begin(Turn::come);
        assert!(in_flight.all().await.is_err());
        assert!(in_flight.turn.come().await.is_err());
    }
}
