use std::sync::Arc;

use chrono::{DateTime, Utc};
use control_plane::Group;
use log::{LogPlace, Offset, Partition};
use recent_ids::{Memory, RecentIds, RecentIdsError};
use stream::Entry;
use tokio::task::spawn_blocking;

use super::{
    Entries, Fold, Records,
    decoded::{decode, note},
    recent_ids_cache::Slot,
    records::Resends,
    window::Window,
};
use crate::{ProcessorError, history::History};

/// The most records read at a time.
const CHUNK: usize = 10_000;

/// The event ids of a partition, as its worker uses them: records go through [`Self::decode`] or
/// [`Self::note`] in the order of the log, each once.
///
/// The work runs on threads that may block. A call that is dropped may still complete; the next
/// worker of the partition waits for it and rewinds.
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

    /// The ids of a partition for one read of it, shared with no worker.
    pub(crate) fn unshared(memory: &Memory, partition: Partition) -> Self {
        Self::new(Arc::new(Slot::new(Group::Store, memory.clone())), partition)
    }

    /// Reads the records that decide whether the one at `next` is a re-send, from the log or the
    /// archive. What this process still knows of the partition is not read again.
    pub(crate) async fn recall(
        &self,
        history: &History,
        next: LogPlace,
    ) -> Result<(), ProcessorError> {
        let window = Window::before(history, next).await?;
        let end = window.range.end;
        let from = match self.resume(&window).await? {
            Some(known) => known,
            None => {
                self.begin(window.range.start, window.since).await?;
                window.range.start
            }
        };
        tracing::debug!(%self.partition, %from, %next, "recalling event ids");
        match self.note_range(history, next.at(from), end).await {
            Err(ProcessorError::Lost(lost)) => {
                let held = history.held_from(lost.generation, lost.partition).await?;
                if held <= lost.offset {
                    return Err(ProcessorError::Lost(lost));
                }
                // No event is lost: these records are stored.
                tracing::warn!(%lost, "re-sends of records that expired unarchived go unnoticed");
                let held = held.min(end);
                self.begin(held, window.since).await?;
                self.note_range(history, next.at(held), end).await
            }
            noted => noted,
        }
    }

    /// [Recalls](Self::recall), and waits while records of the past cannot be read.
    pub(crate) async fn recall_or_wait(
        &self,
        history: &History,
        next: LogPlace,
    ) -> Result<(), ProcessorError> {
        let mut wait = history.wait(next.partition);
        while let Err(error) = self.recall(history, next).await {
            wait.wait_out(error).await?;
        }
        Ok(())
    }

    async fn note_range(
        &self,
        history: &History,
        start: LogPlace,
        end: Offset,
    ) -> Result<(), ProcessorError> {
        let mut past = history.read_until(start, end);
        while let Some(entries) = past.next(CHUNK).await? {
            self.note(entries).await?;
        }
        Ok(())
    }

    /// Forgets all ids. What is noted and decoded next begins at `next`, the first record logged at
    /// `since` or later; decisions are right from one window after that.
    pub(crate) async fn begin(
        &self,
        next: Offset,
        since: DateTime<Utc>,
    ) -> Result<(), ProcessorError> {
        let memory = self.slot.memory().clone();
        self.change(move |ids| {
            *ids = Some(RecentIds::new(&memory, next.get(), since));
            Ok(())
        })
        .await
    }

    /// Finds out which of the next records are re-sends.
    pub(crate) async fn decode(&self, entries: Vec<Entry>) -> Result<Records, ProcessorError> {
        let entries = Entries::from(entries);
        self.fold(Arc::clone(&entries), Resends::of(entries)).await
    }

    /// Reads the next records, marks re-sends, and makes `fold`'s result of them, on a thread that
    /// may block.
    pub(crate) async fn fold<F: Fold>(
        &self,
        entries: Entries,
        mut fold: F,
    ) -> Result<F::Output, ProcessorError> {
        self.with(move |ids| {
            for (number, entry) in entries.iter().enumerate() {
                if fold.add(&decode(number, entry, ids)?).is_break() {
                    break;
                }
            }
            Ok(fold.finish())
        })
        .await
    }

    /// Remembers the next records, with the same effect on later ones as [`Self::decode`].
    pub(crate) async fn note(&self, entries: Vec<Entry>) -> Result<(), ProcessorError> {
        self.with(move |ids| entries.iter().try_for_each(|entry| note(entry, ids))).await
    }

    /// Continues from the ids that are known, if they are of use, and returns their next offset.
    pub(super) async fn resume(&self, window: &Window) -> Result<Option<Offset>, ProcessorError> {
        let since = window.since;
        let range = window.range.clone();
        self.change(move |ids| {
            let of_use = |known: &mut RecentIds| {
                known.rewind(range.end.get(), since) && range.start.get() <= known.next()
            };
            *ids = ids.take().and_then(|mut known| of_use(&mut known).then_some(known));
            Ok(ids.as_ref().map(|known| known.next().into()))
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
        let slot = Arc::clone(&self.slot);
        let owner = self.owner;
        let changed = spawn_blocking(move || slot.change(owner, change));
        changed.await.map_err(ProcessorError::Worker)?
    }
}
