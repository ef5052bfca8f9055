//! Backups: a folder for each, with a manifest that says what belongs to it.
//! `docs/adr/0059-stores-are-restored-to-different-moments-and-settled.md` has the reasons.

mod files;
mod manifest;

pub(crate) use self::{
    files::{BackupFolder, FileHash},
    manifest::{
        ArchiveCopy, ArchivedFile, ClickhouseCopy, ClusterCopy, FORMAT, Manifest, PostgresCopy,
        TableFile,
    },
};
