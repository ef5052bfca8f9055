use std::ops::Range;

use stream::{Offset, Partition};
use telemetry::Gauge;

use super::History;
use crate::{ProcessorError, Sink, retry::Pauses};

/// A partition that stands still, rather than go on without records that are still needed. It is
/// counted from the first wait until this is dropped.
pub(crate) struct Standstill {
    sink: Sink,
    partition: Partition,
    pauses: Pauses,
    halted: bool,
}

impl Standstill {
    /// Waits a while, and tells an operator the first time.
    pub(crate) async fn wait(&mut self, error: &ProcessorError) {
        let sink = self.sink.as_str();
        if !self.halted {
            self.halted = true;
            Gauge::PartitionsHalted.add(&[sink], 1);
            tracing::error!(
                sink,
                self.partition,
                %error,
                "the partition stands still until these records are put back into the archive; the \
                 log has let them go before they were stored"
            );
        }
        self.pauses.wait(error).await;
    }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        if self.halted {
            Gauge::PartitionsHalted.add(&[self.sink.as_str()], -1);
        }
    }
}

impl History {
    /// A partition that goes on, so far.
    pub(crate) fn standstill(&self, partition: Partition) -> Standstill {
        let pauses = Pauses::new("find records that the log has let go");
        Standstill { sink: self.sink, partition, pauses, halted: false }
    }

    /// Returns once every record from `needed` on is in the log or in the archive. Until then the
    /// partition stands still: to go on without them would lose them for good.
    pub(crate) async fn stand_until_held(
        &self,
        partition: Partition,
        needed: Offset,
    ) -> Result<(), ProcessorError> {
        let mut standstill = self.standstill(partition);
        loop {
            let held = self.log_start(partition).await?;
            let Some(first) = self.lost(partition, needed..held).await? else { return Ok(()) };
            standstill.wait(&ProcessorError::Lost { kgen: self.kgen(), partition, first }).await;
        }
    }

    /// The first offset of `range` that the archive does not hold.
    async fn lost(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Option<Offset>, ProcessorError> {
        let mut next = range.start;
        while next < range.end {
            match self.archived(self.kgen(), partition, next).await? {
                Some(object) => next = object.last + 1,
                None => return Ok(Some(next)),
            }
        }
        Ok(None)
    }
}
