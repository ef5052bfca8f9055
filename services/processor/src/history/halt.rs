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
    /// Waits a while when records of the past cannot be had as they are needed, and tells an
    /// operator the first time. Other partitions have theirs, so it is no reason to end for them.
    ///
    /// # Errors
    /// `error` itself, if it says anything else.
    pub(crate) async fn wait_out(&mut self, error: ProcessorError) -> Result<(), ProcessorError> {
        let Some(remedy) = error.remedy() else { return Err(error) };
        let sink = self.sink.as_str();
        if !self.halted {
            self.halted = true;
            Gauge::PartitionsHalted.add(&[sink], 1);
            tracing::error!(
                sink,
                self.partition,
                %error,
                remedy,
                "the partition stands still and skips nothing"
            );
        }
        self.pauses.wait(&error).await;
        Ok(())
    }
}

impl ProcessorError {
    /// What an operator does about records of the past that cannot be had as they are needed; none
    /// when this is another error.
    pub(crate) const fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Lost { .. } => {
                Some("put the records back into the archive: the log has let them go unstored")
            }
            Self::PlanDiffers { .. } => {
                Some("bring the records and their tenants' placements back to what they were")
            }
            Self::Archive(_) => Some("make the archive readable again"),
            _ => None,
        }
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
        let pauses = Pauses::new("read records of the past");
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
            let lost = ProcessorError::Lost { kgen: self.kgen(), partition, first };
            standstill.wait_out(lost).await?;
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
