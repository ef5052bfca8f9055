use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{RecentIdsError, budget::Budget, disk::Disk, folder::Folder};

/// The memory limit of all [`RecentIds`](crate::RecentIds) of a process, and the folder for the
/// rest. Clones share it.
#[derive(Clone, Debug)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    budget: Budget,
    disk: Mutex<Option<Arc<Disk>>>,
    disks: AtomicU64,
    /// Declared last, so that it is dropped after the disk, which is in this folder.
    folder: Folder,
}

impl Memory {
    /// Allows `limit` bytes of memory. Beyond that, ids go to this process's own folder within
    /// `folder`; the folders of killed processes are removed.
    ///
    /// The newest ids of each partition always stay in memory: up to a 64th of the limit, and at
    /// most 3.3 MB.
    ///
    /// # Errors
    /// [`RecentIdsError::Folder`]: the folder cannot be created or locked.
    pub fn new(limit: usize, folder: &Path) -> Result<Self, RecentIdsError> {
        let own = Folder::within(folder)
            .map_err(|source| RecentIdsError::Folder { path: folder.to_owned(), source })?;
        let shared = Shared {
            budget: Budget::new(limit),
            disk: Mutex::default(),
            disks: AtomicU64::new(0),
            folder: own,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns the bytes in use.
    pub fn used(&self) -> usize {
        self.shared.budget.used()
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Returns the disk for ids that do not fit. After a failure a new disk replaces the old one,
    /// whose ids are lost.
    pub(crate) fn disk(&self) -> Result<Arc<Disk>, RecentIdsError> {
        let shared = &self.shared;
        let mut disk = shared.disk.lock().unwrap_or_else(PoisonError::into_inner);
        match disk.as_ref().filter(|disk| disk.is_sound()) {
            Some(sound) => Ok(Arc::clone(sound)),
            None => {
                let number = shared.disks.fetch_add(1, Ordering::Relaxed);
                let cache = shared.budget.limit() / 8;
                let path = shared.folder.path().join(number.to_string());
                let opened = Arc::new(Disk::open(&path, cache, shared.budget.charge(cache))?);
                Ok(Arc::clone(disk.insert(opened)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_disk_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(0, folder.path()).unwrap();
        let first = memory.disk().unwrap();
        assert!(Arc::ptr_eq(&first, &memory.disk().unwrap()));
        drop(first.failed("read", fjall::Error::Poisoned));
        let second = memory.disk().unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && second.is_sound());
    }
}
