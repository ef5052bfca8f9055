use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use failpoints::{Step, reach};
use telemetry::Counter;

use crate::{
    Segment, SpoolError, SpoolSettings,
    contents::Stored,
    disk::{Disk, LocalDisk},
    folder::Folder,
    frame::body,
    recovery::recover,
    shared::Shared,
    writer::Writer,
};

/// A disk queue that stores records until they are drained. Clones share it; the folder is unlocked
/// when the last clone is dropped.
#[derive(Clone)]
pub struct Spool {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    settings: SpoolSettings,
    writer: Option<JoinHandle<()>>,
}

impl Spool {
    /// Locks the folder and recovers the segments of an earlier process. Blocks while it reads.
    ///
    /// # Errors
    /// Another process uses the folder, a segment has a later version, or the disk cannot be used.
    pub fn open(settings: &SpoolSettings) -> Result<Self, SpoolError> {
        Self::on(settings, Box::new(LocalDisk))
    }

    pub(crate) fn on(settings: &SpoolSettings, disk: Box<dyn Disk>) -> Result<Self, SpoolError> {
        let folder = Folder::open(&settings.folder)?;
        let (contents, next) = recover(&folder)?;
        let shared = Arc::new(Shared::new(folder, contents));
        let writer = Writer::new(Arc::clone(&shared), settings.clone(), disk, next);
        let thread = std::thread::Builder::new().name("spool".to_owned());
        let writer = thread
            .spawn(|| writer.run())
            .map_err(SpoolError::io("start a thread for", &settings.folder))?;
        let handle = Handle { shared, settings: settings.clone(), writer: Some(writer) };
        Ok(Self { handle: Arc::new(handle) })
    }

    /// Adds records, all or none, and returns when they are durable. If the future is dropped
    /// earlier, they may be added or not.
    ///
    /// # Errors
    /// [`SpoolError::Full`]: nothing was added. [`SpoolError::InDoubt`]: they may be added or not.
    pub async fn append<'a>(
        &self,
        records: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), SpoolError> {
        let Some(body) = body(records) else {
            return Ok(());
        };
        let answered = self.handle.shared.queue.push(body)?;
        Ok(answered.await.map_err(|_| SpoolError::Closed)??)
    }

    /// Opens the oldest segment at its start; waits until there is one. Returns the same segment
    /// until it is [deleted](Self::delete) or [set aside](Self::set_aside).
    ///
    /// # Errors
    /// [`SpoolError::Io`] when it cannot be opened.
    pub async fn oldest(&self) -> Result<Segment, SpoolError> {
        let shared = &self.handle.shared;
        loop {
            if let Some(stored) = self.first_sealed() {
                return Segment::open(self.path(stored.sequence), &stored);
            }
            if shared.contents().can_seal() {
                shared.queue.seal();
            }
            shared.changed.notified().await;
        }
    }

    /// Deletes a segment whose records are all in the log; a damaged segment is set aside.
    ///
    /// # Errors
    /// [`SpoolError::Io`]: its records will be drained again after a restart.
    pub async fn delete(&self, segment: Segment) -> Result<(), SpoolError> {
        if segment.damaged {
            return self.set_aside(segment).await;
        }
        let path = self.path(segment.sequence);
        self.remove(segment.sequence, move |_| {
            reach(Step::SpoolDelete);
            fs::remove_file(&path).map_err(SpoolError::io("delete", path))
        })
        .await
    }

    /// Sets a segment aside for an operator, because not all of its records could be drained.
    ///
    /// # Errors
    /// [`SpoolError::Io`]: its records will be drained again after a restart.
    pub async fn set_aside(&self, segment: Segment) -> Result<(), SpoolError> {
        let sequence = segment.sequence;
        self.remove(sequence, move |folder| {
            let path = folder.set_aside(sequence)?;
            Counter::SpoolSetAside.inc(&[]);
            tracing::error!(path = %path.display(), "a segment of the spool was set aside");
            Ok(())
        })
        .await
    }

    /// Counts the files of segments in the folder: those that were set aside, and, if nothing is added, those that
    /// could not be removed. Blocks for a moment.
    ///
    /// # Errors
    /// [`SpoolError::Io`] when the folder cannot be listed.
    pub fn count_left(&self) -> Result<usize, SpoolError> {
        self.handle.shared.folder.count_left()
    }

    /// Checks that the spool would accept records now.
    ///
    /// # Errors
    /// [`SpoolError::InDoubt`] or [`SpoolError::Full`].
    pub fn check(&self) -> Result<(), SpoolError> {
        if self.handle.shared.contents().in_doubt {
            return Err(SpoolError::InDoubt);
        }
        self.handle.shared.room_for(&self.handle.settings, 1)
    }

    /// Returns the bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.handle.shared.contents().bytes()
    }

    /// Returns the most bytes that it may have.
    pub fn capacity(&self) -> u64 {
        self.handle.settings.max_bytes
    }

    /// Returns how long the oldest record has waited; `None` when there is none.
    pub fn oldest_age(&self) -> Option<Duration> {
        self.handle.shared.contents().oldest_age(SystemTime::now())
    }

    fn first_sealed(&self) -> Option<Stored> {
        self.handle.shared.contents().sealed.front().copied()
    }

    fn path(&self, sequence: u64) -> PathBuf {
        self.handle.shared.folder.segment(sequence)
    }

    /// Removes a segment, and its file on a blocking thread.
    async fn remove(
        &self,
        sequence: u64,
        remove_file: impl FnOnce(&Folder) -> Result<(), SpoolError> + Send + 'static,
    ) -> Result<(), SpoolError> {
        let shared = Arc::clone(&self.handle.shared);
        let removed = tokio::task::spawn_blocking(move || {
            let outcome = remove_file(&shared.folder);
            // Even if the file remains: its records were processed.
            shared.contents().remove(sequence);
            outcome
        });
        removed.await.map_err(|_| SpoolError::Closed)?
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            // The thread has printed its own panic, if any.
            let _ = writer.join();
        }
    }
}
