use std::{collections::VecDeque, ops::Range};

use archive::{ArchiveError, ObjectKey};
use log::{LogPlace, Offset};
use stream::{Entry, LogRecord, PartitionStream, StreamError, resolve};

use super::{History, archived::as_logged};
use crate::{
    ProcessorError,
    retry::{read, until},
};

/// The records of one range, in the order of the log.
pub(crate) struct Records {
    history: History,
    start: LogPlace,
    /// The offsets that are still to be read.
    rest: Range<Offset>,
    log: Option<PartitionStream>,
    /// What is left of the object that was read last.
    archived: VecDeque<LogRecord>,
}

impl Records {
    /// The records from `start` up to `end`, which is not among them.
    pub(super) fn new(history: History, start: LogPlace, end: Offset) -> Self {
        let rest = start.offset..end;
        Self { history, start, rest, log: None, archived: VecDeque::new() }
    }

    /// Returns the next records: as many as `limit` unless the range ends; `None` at its end.
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
                // The records expired meanwhile.
                Err(StreamError::Gone { .. }) => self.log = None,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn passed(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        self.rest.start = entries.last().map_or(self.rest.start, |entry| entry.offset().next());
        entries
    }

    /// Opens the log or an object, whichever holds the next record.
    async fn open(&mut self) -> Result<(), ProcessorError> {
        let history = &self.history;
        let next = self.start.at(self.rest.start);
        if next.generation == history.generation() {
            let held = history.reader.bounds(next.partition).await?;
            if held.contains(&next.offset) {
                let range = next.offset..self.rest.end.min(held.end);
                self.log = Some(history.reader.read_range(next.partition, range)?);
                return Ok(());
            }
        }
        let lost = ProcessorError::Lost(next);
        let Some(object) = history.archived(next).await? else {
            return Err(lost);
        };
        let key = ObjectKey::from(object.range);
        let records = match history.archive.read(key, &object.sha256).await {
            Ok(records) => records,
            Err(error @ (ArchiveError::Missing(_) | ArchiveError::Damaged { .. })) => {
                tracing::error!(%error, "the archive does not hold what the ledger recorded");
                return Err(lost);
            }
            Err(error) => return Err(error.into()),
        };
        let wanted = records.into_iter().filter(|record| self.rest.contains(&record.offset));
        self.archived = wanted.map(|record| as_logged(next.partition, record)).collect();
        if self.archived.is_empty() {
            self.rest.start = object.range.next().offset;
        }
        Ok(())
    }

    /// Resolves the tenants of records. While the directory is unavailable, it retries.
    async fn resolved(&self, records: &[LogRecord]) -> Result<Vec<Entry>, ProcessorError> {
        let is_final = |error: &StreamError| !matches!(error, StreamError::Directory(_));
        let doing = "resolve the tenants of archived records";
        let router = &self.history.router;
        Ok(until(doing, is_final, || resolve(records, router)).await?)
    }
}
