use std::{fs, io};

use crate::{
    disk::Disk,
    folder::{Folder, private},
};

const NAME: &str = "proof";
const BYTES: usize = 64 << 10;

/// Shows that the disk keeps what it is given: bytes nobody has seen before go into a new file, are
/// synced, and must come back from the disk itself.
///
/// A second fsync of the file that failed would show nothing: the kernel reports an error once, and
/// marks the pages that it could not write as clean.
pub(crate) fn prove(disk: &mut dyn Disk, folder: &Folder) -> io::Result<()> {
    let path = folder.join(NAME);
    forget(folder)?;
    let mut bytes = vec![0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let file = private().create_new(true).open(&path)?;
    disk.write(&file, &bytes, 0)?;
    disk.sync(&file)?;
    disk.sync_folder(folder.file())?;
    if disk.read_back(&path)? != bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the disk gave other bytes back"));
    }
    forget(folder)
}

/// Removes what an earlier proof left behind.
pub(crate) fn forget(folder: &Folder) -> io::Result<()> {
    match fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
