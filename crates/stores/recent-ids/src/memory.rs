use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{RecentIdsError, budget::Budget, disk::Disk, folder::Folder};

/// What all [`RecentIds`](crate::RecentIds) of a process may hold together in memory, and the
/// folder that takes the rest. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    budget: Budget,
    disk: Mutex<Option<Arc<Disk>>>,
    disks: AtomicU64,
    /// Dropped after the disk, which is in it: fields are, in this order.
    folder: Folder,
}

impl Memory {
    /// Up to `limit` bytes of memory. Beyond that ids go to a folder of this process's own within
    /// `folder`; what killed processes left there is removed.
    ///
    /// The newest ids of each partition stay in memory whatever the limit: up to a 64th of it, and
    /// at most 3.3 MB.
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

    /// How many bytes are in use.
    pub fn used(&self) -> usize {
        self.shared.budget.used()
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Where ids go that do not fit. One that failed is left behind, with those that are on it.
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
    fn a_disk_that_failed_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(0, folder.path()).unwrap();
        let first = memory.disk().unwrap();
        assert!(Arc::ptr_eq(&first, &memory.disk().unwrap()));
        drop(first.failed("read", fjall::Error::Poisoned));
        let second = memory.disk().unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && second.is_sound());
    }
}
