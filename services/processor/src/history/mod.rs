//! Records of the log, from wherever they still are: the log itself, or the archive.

mod archived;
mod halt;
mod records;

use std::ops::{Range, RangeInclusive};

use archive::Archive;
use chrono::{DateTime, Utc};
use control_plane::{Archived, Ledger};
use stream::{Entry, LogReader, Offset, Partition};
use tenancy::TenantRouter;

pub(crate) use archived::as_archived;
pub(crate) use records::Records;

use crate::{ProcessorError, Sink, generation::Generation};

/// Reads stretches of the log again, also those that it has let go and those of logs that were
/// made before it.
#[derive(Clone)]
pub(crate) struct History {
    /// For whom: what stands still is counted under its name.
    sink: Sink,
    /// Which generation the log is in now; it holds no other.
    generation: Generation,
    reader: LogReader,
    ledger: Ledger,
    archive: Archive,
    router: TenantRouter,
}

impl History {
    /// The history of the log that `reader` reads, which is in this generation.
    pub(crate) fn new(
        sink: Sink,
        generation: Generation,
        reader: LogReader,
        ledger: Ledger,
        archive: Archive,
        router: TenantRouter,
    ) -> Self {
        Self { sink, generation, reader, ledger, archive, router }
    }

    fn kgen(&self) -> u16 {
        self.generation.kgen()
    }

    /// The records of `range`, from the log where it holds them, else from the archive.
    pub(crate) fn read(&self, kgen: u16, partition: Partition, range: Range<Offset>) -> Records {
        Records::new(self.clone(), kgen, partition, range)
    }

    /// The same of the log as it is now.
    pub(crate) fn read_log(&self, partition: Partition, range: Range<Offset>) -> Records {
        self.read(self.kgen(), partition, range)
    }

    /// The record at `offset`, or the first one after it; none where the log has not come so far.
    pub(crate) async fn record(
        &self,
        kgen: u16,
        partition: Partition,
        offset: Offset,
    ) -> Result<Option<Entry>, ProcessorError> {
        if kgen == self.kgen() && self.reader.bounds(partition).await?.end <= offset {
            return Ok(None);
        }
        let one = self.read(kgen, partition, offset..offset + 1).next(1).await?;
        Ok(one.and_then(|one| one.into_iter().next()))
    }

    /// Between which offsets the first record stands that was logged at `time` or later, as near
    /// as can be told; the end of the partition when there is none.
    pub(crate) async fn place_of(
        &self,
        kgen: u16,
        partition: Partition,
        time: DateTime<Utc>,
    ) -> Result<RangeInclusive<Offset>, ProcessorError> {
        let (from, to) = self.ledger.archived_place(kgen, partition, time).await?;
        if kgen != self.kgen() {
            return Ok(to.map_or(Offset::MAX..=Offset::MAX, |to| from..=to));
        }
        let held = self.log_start(partition).await?;
        let found = self.reader.offset_for_time(partition, time).await?;
        // What the log begins with need not be the first of that time.
        Ok(if found > held { found..=found } else { from.min(found)..=found })
    }

    /// The first offset that the log still holds.
    pub(crate) async fn log_start(&self, partition: Partition) -> Result<Offset, ProcessorError> {
        Ok(self.reader.bounds(partition).await?.start)
    }

    /// From which offset on the log holds every record of that generation: none, if it is another.
    pub(crate) async fn held_from(
        &self,
        kgen: u16,
        partition: Partition,
    ) -> Result<Offset, ProcessorError> {
        if kgen == self.kgen() { self.log_start(partition).await } else { Ok(Offset::MAX) }
    }

    /// The object of the archive that holds this offset.
    async fn archived(
        &self,
        kgen: u16,
        partition: Partition,
        offset: Offset,
    ) -> Result<Option<Archived>, ProcessorError> {
        let objects = self.ledger.archived(kgen, partition, offset..=offset).await?;
        Ok(objects.into_iter().next())
    }
}
