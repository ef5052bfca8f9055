//! A member of a consumer group: partitions come and go, a worker for each.

mod gather;
mod group;
mod progress;

use std::future::Future;

use control_plane::Ledger;
use stream::{LogReader, Offset, Partition};

pub(crate) use gather::{Gather, Gathered, weigh};
pub(crate) use group::Member;
pub(crate) use progress::{Progress, watch};

use crate::{ProcessorError, Sink, generation::Generation, history::History, record::Kept};

/// What every worker of a sink knows of the log.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) sink: Sink,
    pub(crate) generation: Generation,
    /// This process, as its leases name it.
    pub(crate) owner: String,
    pub(crate) ledger: Ledger,
    pub(crate) reader: LogReader,
    pub(crate) history: History,
    pub(crate) progress: Progress,
    /// The event ids by which re-sends are told.
    pub(crate) recent: Kept,
}

impl Log {
    /// The generation of the log.
    pub(crate) fn kgen(&self) -> u16 {
        self.generation.kgen()
    }
}

/// What a sink does with a partition.
pub(crate) trait Worker: Send + Sync + 'static {
    /// What it holds while it owns a partition.
    type Claim: Send;

    /// How the next batch is cut.
    fn gather(&self, claim: &Self::Claim) -> Gather;

    /// Where records are looked for that have left the log; none: they must all be in it.
    fn history(&self) -> Option<&History> {
        None
    }

    /// Takes the partition and says where to read on. The whole group waits for this, so it asks
    /// nothing that may be away for long.
    fn claim(
        &self,
        partition: Partition,
    ) -> impl Future<Output = Result<(Self::Claim, Offset), ProcessorError>> + Send;

    /// Learns what is needed from the log, and finishes what a former owner began.
    fn begin(
        &self,
        claim: &mut Self::Claim,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Takes one batch to its end, or so far that the next may come.
    fn process(
        &self,
        claim: &mut Self::Claim,
        entries: Vec<stream::Entry>,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Called about once a second while nothing arrives.
    fn idle(
        &self,
        claim: &mut Self::Claim,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send;

    /// Takes what is still under way to its end: the process is asked to stop.
    fn end(
        &self,
        _claim: &mut Self::Claim,
    ) -> impl Future<Output = Result<(), ProcessorError>> + Send {
        async { Ok(()) }
    }
}
