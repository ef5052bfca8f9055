use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::{SpoolError, SpoolSettings, contents::Contents, folder::Folder, queue::Queue};

/// The state that the writer and all callers share.
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) queue: Queue,
    /// Notified when there may be more to drain.
    pub(crate) changed: Notify,
    contents: Mutex<Contents>,
}

impl Shared {
    pub(crate) fn new(folder: Folder, contents: Contents) -> Self {
        let queue = Queue::default();
        let changed = Notify::new();
        Self { folder, queue, changed, contents: Mutex::new(contents) }
    }

    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that `more` bytes are within the limits. A disk whose use cannot be read has no room.
    pub(crate) fn room_for(&self, settings: &SpoolSettings, more: u64) -> Result<(), SpoolError> {
        let within = self.contents().bytes().saturating_add(more) <= settings.max_bytes;
        let limit = u64::from(settings.max_disk_percent);
        let disk_has_room = || self.folder.disk_percent().is_ok_and(|percent| percent <= limit);
        if within && disk_has_room() { Ok(()) } else { Err(SpoolError::Full) }
    }
}
