use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::{SpoolError, SpoolSettings, contents::Contents, folder::Folder, queue::Queue};

/// What the writer and everybody else share.
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) queue: Queue,
    /// There is something more to drain, perhaps.
    pub(crate) changed: Notify,
    contents: Mutex<Contents>,
}

impl Shared {
    pub(crate) fn new(folder: Folder, contents: Contents) -> Self {
        let (queue, changed) = (Queue::default(), Notify::new());
        Self { folder, queue, changed, contents: Mutex::new(contents) }
    }

    pub(crate) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `more` bytes are within the bounds. A disk that cannot say how full it is has no room.
    pub(crate) fn room_for(&self, settings: &SpoolSettings, more: u64) -> Result<(), SpoolError> {
        let within = self.contents().bytes().saturating_add(more) <= settings.max_bytes;
        let most = u64::from(settings.max_disk_percent);
        let spare = || self.folder.disk_percent().is_ok_and(|percent| percent <= most);
        if within && spare() { Ok(()) } else { Err(SpoolError::Full) }
    }
}
