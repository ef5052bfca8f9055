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
