use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// A locked file of this name marks its folder as in use.
const LOCK: &str = "lock";

/// A folder of this process within one that processes share. Removed when dropped; the next process
/// removes the folder of a killed one.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl Folder {
    /// Creates a folder within `shared`, which is created if missing.
    pub(crate) fn within(shared: &Path) -> io::Result<Self> {
        fs::create_dir_all(shared)?;
        // No process sweeps while another has created its folder but not locked it yet.
        let gate = File::create(shared.join(LOCK))?;
        gate.lock()?;
        sweep(shared)?;
        let path = shared.join(Uuid::now_v7().to_string());
        fs::create_dir(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The next process sweeps the remaining files.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Removes the folders that no process has locked.
fn sweep(shared: &Path) -> io::Result<()> {
    for entry in fs::read_dir(shared)? {
        let path = entry?.path();
        let id = path.file_name().and_then(|name| name.to_str()).map(Uuid::try_parse);
        if matches!(id, Some(Ok(_))) && is_free(&path)? {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

fn is_free(folder: &Path) -> io::Result<bool> {
    let lock = match File::open(folder.join(LOCK)) {
        Ok(lock) => lock,
        // Its owner was killed before it created the file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_own_folder_and_removes_abandoned_ones() {
        let shared = tempfile::tempdir().unwrap();
        let left = shared.path().join(Uuid::now_v7().to_string());
        fs::create_dir_all(left.join("keyspaces")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let strange = shared.path().join("notes");
        fs::create_dir(&strange).unwrap();

        let first = Folder::within(shared.path()).unwrap();
        assert!(!left.exists() && strange.exists());
        let second = Folder::within(shared.path()).unwrap();
        assert!(first.path().exists(), "a folder in use is not removed");
        assert_ne!(first.path(), second.path());

        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
    }
}
