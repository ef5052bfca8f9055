use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
};

use rustix::fs::{Advice, fadvise};

/// The calls whose failure the spool's promise depends on. A test injects what a disk does not do
/// on demand.
pub(crate) trait Disk: Send + 'static {
    fn write(&mut self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    /// `fdatasync`: the bytes, and the length of the file.
    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// `fsync`: the names in a folder.
    fn sync_folder(&mut self, folder: &File) -> io::Result<()> {
        folder.sync_all()
    }

    /// The whole file as the disk has it, not as the page cache remembers it.
    fn read_back(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The disk as it is.
pub(crate) struct LocalDisk;

impl Disk for LocalDisk {}

/// Whether an error says that there is no room, rather than that something is broken.
pub(crate) fn says_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
