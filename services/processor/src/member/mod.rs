//! Membership in a consumer group: partitions are assigned and revoked, and each has a worker.

mod context;
mod gather;
mod group;
mod join;
mod progress;

use std::future::Future;

use log::{Offset, Partition};

pub(crate) use context::WorkerContext;
pub(crate) use gather::{Gather, Gathered, weigh};
pub(crate) use group::Member;
pub(crate) use progress::{Progress, watch};

use crate::{ProcessorError, history::History};

/// What a group does with the records of a partition.
pub(crate) trait Worker: Send + Sync + 'static {
    /// What it holds while it owns a partition.
    type State: Send;

    /// How the next batch is cut. May wait a moment for room.
    fn gather(&self, state: &mut Self::State) -> impl Future<Output = Gather> + Send;

    /// Where records that expired in the log are read; `None` if all must still be in it.
    fn history(&self) -> Option<&History> {
        None
    }

    /// Takes the lease on the partition and returns the offset to read from. The whole group waits
    /// for this, so it calls nothing that may be unavailable for long.
    fn take(
        &self,
        partition: Partition,
    ) -> impl Future<Output = Result<(Self::State, Offset), ProcessorError>> + Send;

    /// Reads what it needs from the log, and completes what a former owner began.
    fn begin(
        &self,
        state: &mut Self::State,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Processes one batch to its end, or far enough that the next one may come.
    fn process(
        &self,
        state: &mut Self::State,
        entries: Vec<stream::Entry>,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Called about once a second while no record arrives.
    fn on_quiet(
        &self,
        state: &mut Self::State,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Completes what is under way, because the process stops.
    fn end(
        &self,
        _state: &mut Self::State,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send {
        async { Ok(()) }
    }
}
