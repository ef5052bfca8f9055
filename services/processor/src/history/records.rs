use std::{collections::VecDeque, ops::Range};

use archive::{ArchiveError, ObjectKey};
use stream::{Entry, LogRecord, Offset, Partition, PartitionStream, StreamError, resolve};

use super::{History, archived::as_logged};
use crate::{
    ProcessorError,
    retry::{Pauses, read},
};

/// Records of one stretch, in the order of the log.
pub(crate) struct Records {
    history: History,
    kgen: u16,
    partition: Partition,
    /// What is left of the stretch.
    rest: Range<Offset>,
    log: Option<PartitionStream>,
    /// Of the object that was read last.
    archived: VecDeque<LogRecord>,
}

impl Records {
    pub(super) fn new(
        history: History,
        kgen: u16,
        partition: Partition,
        rest: Range<Offset>,
    ) -> Self {
        Self { history, kgen, partition, rest, log: None, archived: VecDeque::new() }
    }

    /// The next of them: as many as `limit` unless the stretch ends; none at its end.
    ///
    /// # Errors
    /// [`ProcessorError::Lost`] when they are neither in the log nor in the archive.
    pub(crate) async fn next(
        &mut self,
        limit: usize,
    ) -> Result<Option<Vec<Entry>>, ProcessorError> {
        let mut entries = Vec::new();
        while entries.len() < limit {
            match self.some(limit - entries.len()).await? {
                Some(more) => entries.extend(more),
                None => break,
            }
        }
        Ok(if entries.is_empty() { None } else { Some(entries) })
    }

    async fn some(&mut self, limit: usize) -> Result<Option<Vec<Entry>>, ProcessorError> {
        while !self.rest.is_empty() {
            if !self.archived.is_empty() {
                let count = limit.min(self.archived.len());
                let records: Vec<_> = self.archived.drain(..count).collect();
                return Ok(Some(self.passed(self.resolved(&records).await?)));
            }
            let Some(stream) = &mut self.log else {
                self.open().await?;
                continue;
            };
            match read(stream, limit).await {
                Ok(Some(entries)) => return Ok(Some(self.passed(entries))),
                // The last offsets hold no record.
                Ok(None) => self.rest.start = self.rest.end,
                // It was let go meanwhile.
                Err(StreamError::Gone { .. }) => self.log = None,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn passed(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        self.rest.start = entries.last().map_or(self.rest.start, |entry| entry.offset() + 1);
        entries
    }

    /// Finds where the next records are.
    async fn open(&mut self) -> Result<(), ProcessorError> {
        let (history, partition, first) = (&self.history, self.partition, self.rest.start);
        if self.kgen == history.kgen() {
            let held = history.reader.bounds(partition).await?;
            if held.contains(&first) {
                let range = first..self.rest.end.min(held.end);
                self.log = Some(history.reader.read_range(partition, range)?);
                return Ok(());
            }
        }
        let lost = ProcessorError::Lost { kgen: self.kgen, partition, first };
        let Some(object) = history.archived(self.kgen, partition, first).await? else {
            return Err(lost);
        };
        let key = ObjectKey { kgen: self.kgen, partition, first: object.first, last: object.last };
        let records = match history.archive.read(key, &object.sha256).await {
            Ok(records) => records,
            Err(error @ (ArchiveError::Missing(_) | ArchiveError::Damaged { .. })) => {
                tracing::error!(%error, "the archive does not hold what its manifest says");
                return Err(lost);
            }
            Err(error) => return Err(error.into()),
        };
        let wanted = records.into_iter().filter(|record| self.rest.contains(&record.offset));
        self.archived = wanted.map(|record| as_logged(partition, record)).collect();
        if self.archived.is_empty() {
            self.rest.start = object.last + 1;
        }
        Ok(())
    }

    /// Whose the records are. While nobody can tell, it asks again.
    async fn resolved(&self, records: &[LogRecord]) -> Result<Vec<Entry>, ProcessorError> {
        let mut pauses = Pauses::new("tell whose archived records are");
        loop {
            match resolve(records, &self.history.router).await {
                Ok(entries) => return Ok(entries),
                Err(StreamError::Directory(error)) => pauses.wait(&error).await,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
