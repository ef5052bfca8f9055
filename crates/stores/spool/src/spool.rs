use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use failpoints::{Step, reach};

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

/// Keeps records on the local disk until somebody has brought them away. Cloning shares it; the
/// folder is free again when the last clone is dropped.
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
    /// Takes the folder, and looks through what an earlier process left there. Blocks while it reads.
    ///
    /// # Errors
    /// Another process uses the folder, a segment is of a later version, or the disk cannot be used.
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

    /// Adds records, all or none, and returns when they are durable. When this is dropped before,
    /// they may be added or not.
    ///
    /// # Errors
    /// [`SpoolError::Full`], and nothing was added; [`SpoolError::Doubtful`], and nobody can tell.
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

    /// The oldest segment, from its start; waits until there is one. The same one again until it is
    /// [deleted](Self::delete) or [set aside](Self::set_aside).
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

    /// Removes a segment whose every record is in the log; one with damage is set aside.
    ///
    /// # Errors
    /// [`SpoolError::Io`]: its records will be drained again after a restart.
    pub async fn delete(&self, segment: Segment) -> Result<(), SpoolError> {
        if segment.damaged {
            return self.set_aside(segment).await;
        }
        let path = self.path(segment.sequence);
        self.done_with(segment.sequence, move |_| {
            reach(Step::SpoolDelete);
            fs::remove_file(&path).map_err(SpoolError::io("delete", path))
        })
        .await
    }

    /// Keeps a segment for an operator, because not all that is in it could be brought away.
    ///
    /// # Errors
    /// [`SpoolError::Io`]: its records will be drained again after a restart.
    pub async fn set_aside(&self, segment: Segment) -> Result<(), SpoolError> {
        let sequence = segment.sequence;
        self.done_with(sequence, move |folder| {
            let kept = folder.set_aside(sequence)?;
            tracing::error!(kept = %kept.display(), "a segment of the spool was set aside");
            Ok(())
        })
        .await
    }

    /// Whether records would be taken now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), SpoolError> {
        if self.handle.shared.contents().doubtful {
            return Err(SpoolError::Doubtful);
        }
        self.handle.shared.room_for(&self.handle.settings, 1)
    }

    /// The bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.handle.shared.contents().bytes()
    }

    /// How long the oldest record has waited; nothing when there is none.
    pub fn oldest_age(&self) -> Option<Duration> {
        self.handle.shared.contents().oldest(SystemTime::now())
    }

    fn first_sealed(&self) -> Option<Stored> {
        self.handle.shared.contents().sealed.front().copied()
    }

    fn path(&self, sequence: u64) -> PathBuf {
        self.handle.shared.folder.segment(sequence)
    }

    /// Does away with a segment's file, on a thread that may block, and forgets it.
    async fn done_with(
        &self,
        sequence: u64,
        away: impl FnOnce(&Folder) -> Result<(), SpoolError> + Send + 'static,
    ) -> Result<(), SpoolError> {
        let shared = Arc::clone(&self.handle.shared);
        let done = tokio::task::spawn_blocking(move || {
            let gone = away(&shared.folder);
            // Even if the file stays: what is in it has been dealt with.
            shared.contents().forget(sequence);
            gone
        });
        done.await.map_err(|_| SpoolError::Closed)?
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            // Its own panic, if any, was told by itself.
            let _ = writer.join();
        }
    }
}
