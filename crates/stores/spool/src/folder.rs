use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::fstatvfs;

use crate::SpoolError;

const LOCK: &str = "lock";
const SEGMENT: &str = "segment";
const CORRUPT: &str = "corrupt";

/// The spool's folder, locked for this process until dropped.
pub(crate) struct Folder {
    path: PathBuf,
    file: File,
    _lock: File,
}

impl Folder {
    /// Opens and locks the folder. Creates it if missing, readable by its owner alone: events are
    /// personal data.
    pub(crate) fn open(path: &Path) -> Result<Self, SpoolError> {
        create(path).map_err(SpoolError::io("create the folder", path))?;
        let file = File::open(path).map_err(SpoolError::io("open the folder", path))?;
        let at = path.join(LOCK);
        let lock = private().create(true).open(&at).map_err(SpoolError::io("open", &at))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), file, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(SpoolError::InUse { folder: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(SpoolError::io("lock", at)(source)),
        }
    }

    pub(crate) fn segment(&self, sequence: u64) -> PathBuf {
        self.path.join(format!("{sequence:020}.{SEGMENT}"))
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns the folder's own file, whose fsync makes the names in it durable.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Lists the numbers of all segments, and the first number above those of all files.
    pub(crate) fn list(&self) -> Result<(Vec<u64>, u64), SpoolError> {
        let failed = |source| SpoolError::io("list", &self.path)(source);
        let mut segments = Vec::<u64>::new();
        let mut next = 0;
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = PathBuf::from(entry.map_err(failed)?.file_name());
            let sequence = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            let (Some(sequence), Some(kind)) = (sequence, path.extension()) else {
                continue;
            };
            if kind == SEGMENT {
                segments.push(sequence);
            }
            next = next.max(sequence.saturating_add(1));
        }
        segments.sort_unstable();
        Ok((segments, next))
    }

    /// Renames a segment for an operator, so that it is not read again. Returns the new path.
    pub(crate) fn set_aside(&self, sequence: u64) -> Result<PathBuf, SpoolError> {
        let segment = self.segment(sequence);
        let target = segment.with_extension(CORRUPT);
        fs::rename(&segment, &target).map_err(SpoolError::io("set aside", segment))?;
        Ok(target)
    }

    /// Counts the segments, also those that were set aside.
    pub(crate) fn count_left(&self) -> Result<usize, SpoolError> {
        let failed = |source| SpoolError::io("list", &self.path)(source);
        let mut count = 0;
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = PathBuf::from(entry.map_err(failed)?.file_name());
            let is_left = path.extension().is_some_and(|kind| kind == CORRUPT || kind == SEGMENT);
            count += usize::from(is_left);
        }
        Ok(count)
    }

    /// Returns how full the file system is for unprivileged users, in percent, rounded up.
    pub(crate) fn disk_percent(&self) -> io::Result<u64> {
        let stat = fstatvfs(&self.file)?;
        let used = stat.f_blocks.saturating_sub(stat.f_bfree);
        let usable = used.saturating_add(stat.f_bavail);
        Ok(used.saturating_mul(100).div_ceil(usable.max(1)))
    }
}

/// Creates the folder and its missing parents, and makes their names durable.
fn create(path: &Path) -> io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<_> = path.ancestors().take_while(is_missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for folder in missing {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Returns the options of spool files: read and write, for their owner alone.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
