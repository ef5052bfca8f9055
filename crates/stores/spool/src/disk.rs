use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
};

use rustix::fs::{Advice, fadvise};

/// The disk calls on which the spool's guarantee depends. Tests inject failures.
pub(crate) trait Disk: Send + 'static {
    fn write(&mut self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    /// `fdatasync`: makes the bytes and the length of the file durable.
    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// `fsync`: makes the names in a folder durable.
    fn sync_folder(&mut self, folder: &File) -> io::Result<()> {
        folder.sync_all()
    }

    /// Reads the whole file from the disk, not from the page cache.
    fn read_back(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The real disk.
pub(crate) struct LocalDisk;

impl Disk for LocalDisk {}

/// Returns whether an error means that there is no space, rather than that the disk failed.
pub(crate) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
