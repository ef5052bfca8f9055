use std::ops::Range;

use stream::{Offset, Partition};
use telemetry::Gauge;

use super::History;
use crate::{ProcessorError, Sink, retry::Pauses};

/// A partition that stands still; it is counted as long as this lives.
struct Halted(Sink);

impl Halted {
    fn new(sink: Sink) -> Self {
        Gauge::PartitionsHalted.add(&[sink.as_str()], 1);
        Self(sink)
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        Gauge::PartitionsHalted.add(&[self.0.as_str()], -1);
    }
}

impl History {
    /// Returns once every record from `needed` on is in the log or in the archive. Until then the
    /// partition stands still: to go on without them would lose them for good.
    pub(crate) async fn stand_until_held(
        &self,
        sink: Sink,
        partition: Partition,
        needed: Offset,
    ) -> Result<(), ProcessorError> {
        let mut pauses = Pauses::new("find records that the log has let go");
        let mut halted = None;
        loop {
            let held = self.log_start(partition).await?;
            let Some(lost) = self.lost(partition, needed..held).await? else { return Ok(()) };
            if halted.is_none() {
                halted = Some(Halted::new(sink));
                tracing::error!(
                    sink = sink.as_str(),
                    kgen = self.kgen(),
                    partition,
                    first = lost.start,
                    last = lost.end - 1,
                    "these records have left the log before they were stored, and the archive does \
                     not hold them. The partition stands still until they are put back into the \
                     archive and its manifest"
                );
            }
            let (kgen, first) = (self.kgen(), lost.start);
            pauses.wait(&ProcessorError::Lost { kgen, partition, first }).await;
        }
    }

    /// The first stretch of `range` that the archive does not hold.
    async fn lost(
        &self,
        partition: Partition,
        range: Range<Offset>,
    ) -> Result<Option<Range<Offset>>, ProcessorError> {
        let mut next = range.start;
        while next < range.end {
            match self.archived(self.kgen(), partition, next).await? {
                Some(object) => next = object.last + 1,
                None => return Ok(Some(next..range.end)),
            }
        }
        Ok(None)
    }
}
