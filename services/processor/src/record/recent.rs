use std::{ops::Range, sync::Arc};

use chrono::{DateTime, Utc};
use recent_ids::{Memory, RecentIds, RecentIdsError};
use stream::{Entry, Offset, Partition};
use tokio::task::spawn_blocking;

use super::{
    Decoded, Unreadable,
    decoded::{decode, note},
    kept::Slot,
    window::Window,
};
use crate::{ProcessorError, Sink, history::History};

/// Records at a time.
const CHUNK: usize = 10_000;

/// The event ids of a partition, as its worker uses them: records go through [`Self::decode`] or
/// [`Self::note`] in the order of the log, each once.
///
/// Work on them is done where it may block. A call that is dropped may still come to its end; the
/// next worker of the partition waits for it and goes back.
pub(crate) struct Recent {
    slot: Arc<Slot>,
    owner: u64,
    partition: Partition,
}

impl Recent {
    pub(super) fn new(slot: Arc<Slot>, partition: Partition) -> Self {
        let owner = slot.take();
        Self { slot, owner, partition }
    }

    /// The ids of a partition for one look at it, which nobody else uses.
    pub(crate) fn aside(memory: &Memory, partition: Partition) -> Self {
        Self::new(Arc::new(Slot::new(Sink::Store, memory.clone())), partition)
    }

    /// Learns what decides whether the record at `next` is a re-send, from the log or the archive.
    /// What this process still knows of the partition is not read again.
    pub(crate) async fn recall(
        &self,
        history: &History,
        kgen: u16,
        next: Offset,
    ) -> Result<(), ProcessorError> {
        let window = Window::before(history, kgen, self.partition, next).await?;
        let from = match self.resume(&window).await? {
            Some(next) => next,
            None => {
                self.begin(window.range.start, window.since).await?;
                window.range.start
            }
        };
        tracing::debug!(self.partition, from, next, "recalling event ids");
        match self.note_range(history, kgen, from..window.range.end).await {
            Err(ProcessorError::Lost { kgen, partition, first }) => {
                let held = history.held_from(kgen, partition).await?;
                if held <= first {
                    return Err(ProcessorError::Lost { kgen, partition, first });
                }
                // No record is lost by this: they have been stored.
                tracing::warn!(
                    partition,
                    first,
                    "re-sends of records that are nowhere go unnoticed"
                );
                let held = held.min(window.range.end);
                self.begin(held, window.since).await?;
                self.note_range(history, kgen, held..window.range.end).await
            }
            noted => noted,
        }
    }

    async fn note_range(
        &self,
        history: &History,
        kgen: u16,
        range: Range<Offset>,
    ) -> Result<(), ProcessorError> {
        let mut past = history.read(kgen, self.partition, range);
        while let Some(entries) = past.next(CHUNK).await? {
            self.note(entries).await?;
        }
        Ok(())
    }

    /// Forgets everything. What is noted and decoded next begins at `next`, the first record that
    /// was logged at `since` or later; decisions are right from a window after that.
    pub(crate) async fn begin(
        &self,
        next: Offset,
        since: DateTime<Utc>,
    ) -> Result<(), ProcessorError> {
        let memory = self.slot.memory().clone();
        self.change(move |ids| {
            *ids = Some(RecentIds::new(&memory, next, since));
            Ok(())
        })
        .await
    }

    /// Reads the next records, and tells re-sends.
    pub(crate) async fn decode(&self, entries: Vec<Entry>) -> Result<Vec<Decoded>, ProcessorError> {
        self.with(move |ids| entries.into_iter().map(|entry| decode(entry, ids)).collect()).await
    }

    /// As [`Self::decode`], up to the first record that holds no event and is not admitted: its
    /// offset, and what is wrong with it. It and those after it are as if not read yet.
    pub(crate) async fn decode_until(
        &self,
        entries: Vec<Entry>,
        mut admits: impl FnMut(Offset) -> bool + Send + 'static,
    ) -> Result<(Vec<Decoded>, Option<(Offset, Unreadable)>), ProcessorError> {
        self.with(move |ids| {
            let mut read = Vec::with_capacity(entries.len());
            for entry in entries {
                let decoded = decode(entry, ids)?;
                let offset = decoded.offset;
                match decoded.event {
                    Err(unreadable) if !admits(offset) => {
                        return Ok((read, Some((offset, unreadable))));
                    }
                    event => read.push(Decoded { event, ..decoded }),
                }
            }
            Ok((read, None))
        })
        .await
    }

    /// Remembers the next records. Quicker than [`Self::decode`], and alike for what comes after.
    pub(crate) async fn note(&self, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        self.with(move |ids| entries.iter().try_for_each(|entry| note(entry, ids))).await
    }

    /// Goes on from what is known, if it is of use: where from.
    pub(super) async fn resume(&self, window: &Window) -> Result<Option<Offset>, ProcessorError> {
        let (since, range) = (window.since, window.range.clone());
        self.change(move |ids| {
            let of_use = |known: &mut RecentIds| {
                known.rewind(range.end, since) && range.start <= known.next()
            };
            *ids = ids.take().and_then(|mut known| of_use(&mut known).then_some(known));
            Ok(ids.as_ref().map(RecentIds::next))
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut RecentIds) -> Result<T, RecentIdsError> + Send + 'static,
    ) -> Result<T, ProcessorError> {
        let worked = self.change(move |ids| ids.as_mut().map(work).transpose()).await?;
        worked.ok_or(ProcessorError::Retake("its event ids are not known"))
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Option<RecentIds>) -> Result<T, RecentIdsError> + Send + 'static,
    ) -> Result<T, ProcessorError> {
        let (slot, owner) = (Arc::clone(&self.slot), self.owner);
        let changed = spawn_blocking(move || slot.change(owner, change));
        changed.await.map_err(ProcessorError::Worker)?
    }
}
