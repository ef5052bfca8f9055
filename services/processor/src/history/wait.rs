use std::ops::Range;

use control_plane::Group;
use log::{LogPlace, Offset, Partition};

use super::History;
use crate::{ProcessorError, halt::Halt, retry::Pauses};

/// Waits for records of the past that cannot be read. The partition is halted from the first wait
/// until this is dropped, because going on without the records would lose them.
pub(crate) struct HistoryWait {
    group: Group,
    partition: Partition,
    pauses: Pauses,
    halt: Option<Halt>,
}

impl HistoryWait {
    /// Waits a while if an operator can resolve `error`; the first wait halts the partition. Other
    /// partitions go on.
    ///
    /// # Errors
    /// `error` itself, if it is of another kind.
    pub(crate) async fn wait_out(&mut self, error: ProcessorError) -> Result<(), ProcessorError> {
        let Some(remedy) = error.remedy() else { return Err(error) };
        let group = self.group;
        let partition = self.partition;
        self.halt.get_or_insert_with(|| Halt::new(group, partition, &error, remedy));
        self.pauses.wait(&error).await;
        Ok(())
    }
}

impl History {
    /// A wait that has not begun.
    pub(crate) fn wait(&self, partition: Partition) -> HistoryWait {
        let pauses = Pauses::new("read records of the past");
        HistoryWait { group: self.group, partition, pauses, halt: None }
    }

    /// Returns once every record from `needed` on is in the log or in the archive. Until then the
    /// partition is halted.
    pub(crate) async fn wait_until_held(
        &self,
        partition: Partition,
        needed: Offset,
    ) -> Result<(), ProcessorError> {
        let mut wait = self.wait(partition);
        loop {
            let held = self.log_start(partition).await?;
            let Some(first) = self.lost(partition, needed..held).await? else { return Ok(()) };
            wait.wait_out(ProcessorError::Lost(self.place(partition, first))).await?;
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
            match self.archived(self.place(partition, next)).await? {
                Some(object) => next = object.range.next().offset,
                None => return Ok(Some(next)),
            }
        }
        Ok(None)
    }

    fn place(&self, partition: Partition, offset: Offset) -> LogPlace {
        LogPlace { generation: self.generation(), partition, offset }
    }
}
