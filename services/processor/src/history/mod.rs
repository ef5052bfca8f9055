//! Records of the log, read from the log itself while it holds them, else from the archive.

mod archived;
mod records;
mod wait;

use std::ops::{Range, RangeInclusive};

use archive::Archive;
use chrono::{DateTime, Utc};
use control_plane::{Archived, Group, Ledger};
use log::{Generation, LogPlace, LogRange, Offset, Partition};
use stream::{Entry, LogReader};
use tenancy::TenantRouter;

pub(crate) use archived::{as_archived, erase_records_of, is_of_erased_person};
pub(crate) use records::Records;

use crate::{ProcessorError, current_generation::CurrentGeneration};

/// Reads ranges of the log again, including records that expired in it and records of earlier
/// generations.
#[derive(Clone)]
pub(crate) struct History {
    /// The group that reads: a halted partition is counted under its name.
    group: Group,
    /// The generation that the log is in now; it holds no other.
    current: CurrentGeneration,
    reader: LogReader,
    ledger: Ledger,
    archive: Archive,
    router: TenantRouter,
}

impl History {
    /// The history of the log that `reader` reads.
    pub(crate) fn new(
        group: Group,
        current: CurrentGeneration,
        reader: LogReader,
        ledger: Ledger,
        archive: Archive,
        router: TenantRouter,
    ) -> Self {
        Self { group, current, reader, ledger, archive, router }
    }

    fn generation(&self) -> Generation {
        self.current.get()
    }

    /// The records of `range`, from the log where it holds them, else from the archive.
    pub(crate) fn read(&self, range: LogRange) -> Records {
        self.read_until(range.start(), range.next().offset)
    }

    /// The records from `start` up to `end`, which is not among them.
    pub(crate) fn read_until(&self, start: LogPlace, end: Offset) -> Records {
        Records::new(self.clone(), start, end)
    }

    /// The records of the current generation.
    pub(crate) fn read_log(&self, partition: Partition, range: Range<Offset>) -> Records {
        let start = LogPlace { generation: self.generation(), partition, offset: range.start };
        self.read_until(start, range.end)
    }

    /// The record at `place`, or the first one after it; `None` where the log ends before.
    pub(crate) async fn record(&self, place: LogPlace) -> Result<Option<Entry>, ProcessorError> {
        let LogPlace { generation, partition, offset } = place;
        if generation == self.generation() && self.reader.bounds(partition).await?.end <= offset {
            return Ok(None);
        }
        let one = self.read(place.to(offset)).next(1).await?;
        Ok(one.and_then(|one| one.into_iter().next()))
    }

    /// The offsets between which the first record stands that was logged at `time` or later, as
    /// narrow as is known; the end of the partition when there is none.
    pub(crate) async fn place_of(
        &self,
        generation: Generation,
        partition: Partition,
        time: DateTime<Utc>,
    ) -> Result<RangeInclusive<Offset>, ProcessorError> {
        let (from, to) = self.ledger.first_archived_since(generation, partition, time).await?;
        if generation != self.generation() {
            return Ok(to.map_or(Offset::MAX..=Offset::MAX, |to| from..=to));
        }
        let held = self.log_start(partition).await?;
        let found = self.reader.offset_for_time(partition, time).await?;
        // The log's first record need not be the first of that time.
        Ok(if found > held { found..=found } else { from.min(found)..=found })
    }

    /// The first offset that the log still holds.
    pub(crate) async fn log_start(&self, partition: Partition) -> Result<Offset, ProcessorError> {
        Ok(self.reader.bounds(partition).await?.start)
    }

    /// The offset from which on the log holds every record of `generation`; none of them if the
    /// log is in another.
    pub(crate) async fn held_from(
        &self,
        generation: Generation,
        partition: Partition,
    ) -> Result<Offset, ProcessorError> {
        if generation == self.generation() {
            self.log_start(partition).await
        } else {
            Ok(Offset::MAX)
        }
    }

    /// The object of the archive that holds `place`.
    async fn archived(&self, place: LogPlace) -> Result<Option<Archived>, ProcessorError> {
        Ok(self.ledger.archived(place.to(place.offset)).await?.into_iter().next())
    }
}
