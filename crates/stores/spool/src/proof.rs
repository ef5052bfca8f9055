use std::{fs, io};

use crate::{
    disk::Disk,
    folder::{Folder, private},
};

const NAME: &str = "proof";
const BYTES: usize = 64 << 10;

/// Proves that the disk stores what is written: random bytes go into a new file, are synced, and
/// must be read back from the disk itself.
///
/// A second fsync of the failed file would prove nothing: the kernel reports an error once, and
/// then marks the pages that it could not write as clean.
pub(crate) fn prove(disk: &mut dyn Disk, folder: &Folder) -> io::Result<()> {
    let path = folder.join(NAME);
    remove_proof(folder)?;
    let mut bytes = vec![0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let file = private().create_new(true).open(&path)?;
    disk.write(&file, &bytes, 0)?;
    disk.sync(&file)?;
    disk.sync_folder(folder.file())?;
    if disk.read_back(&path)? != bytes {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the disk returned other bytes"));
    }
    remove_proof(folder)
}

/// Removes the file of an earlier proof.
pub(crate) fn remove_proof(folder: &Folder) -> io::Result<()> {
    match fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
