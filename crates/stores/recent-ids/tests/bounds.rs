//! The limits of memory and time, and a broken disk.
#![cfg(test)]

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use recent_ids::{Memory, RecentIds, RecentIdsError, Remembered};
use tempfile::TempDir;
use tenancy::ClientId;
use uuid::Uuid;

struct Partition {
    ids: RecentIds,
    acme: ClientId,
}

impl Partition {
    fn new(memory: &Memory) -> Self {
        let ids = RecentIds::new(memory, 0, DateTime::UNIX_EPOCH);
        Self { ids, acme: "acme".parse().unwrap() }
    }

    fn is_resend(&mut self, id: u64, at: DateTime<Utc>) -> Result<bool, RecentIdsError> {
        let next = self.ids.next();
        self.ids.is_resend(next, at, &self.acme, Uuid::from_u64_pair(id, id))
    }
}

fn hour(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hour)
}

fn memory(limit: usize) -> (TempDir, Memory) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(limit, folder.path()).unwrap();
    (folder, memory)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// Overwrites all files with zeros, also those with which the store, which compacts beside the
/// test, replaces others meanwhile.
fn overwrite_files(folder: &Path) {
    let mut overwritten = HashSet::new();
    while let Some(path) = files(folder).into_iter().find(|path| !overwritten.contains(path)) {
        match OpenOptions::new().write(true).open(&path) {
            Ok(mut file) => {
                let size = usize::try_from(file.metadata().unwrap().len()).unwrap();
                file.write_all(&vec![0; size.min(1 << 20)]).unwrap();
                overwritten.insert(path);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{path:?}: {error}"),
        }
    }
}

#[test]
fn the_same_id_is_a_resend_within_a_day_to_the_second() {
    let (_folder, memory) = memory(1 << 20);
    let mut partition = Partition::new(&memory);
    let almost = |hours| hour(hours) + TimeDelta::milliseconds(999);
    assert!(!partition.is_resend(7, hour(0)).unwrap());
    assert!(partition.is_resend(7, almost(24)).unwrap());
    assert!(!partition.is_resend(7, hour(48) + TimeDelta::seconds(1)).unwrap());
    assert!(partition.is_resend(7, hour(60)).unwrap());
}

#[test]
fn tenants_do_not_share_ids_and_whole_ids_are_compared() {
    let (_folder, memory) = memory(1 << 20);
    let mut partition = Partition::new(&memory);
    assert!(!partition.is_resend(7, hour(0)).unwrap());
    for bit in 0..128 {
        let id = Uuid::from_u128(Uuid::from_u64_pair(7, 7).as_u128() ^ (1 << bit));
        let next = partition.ids.next();
        assert!(!partition.ids.is_resend(next, hour(0), &partition.acme, id).unwrap(), "bit {bit}");
    }
    partition.acme = "globex".parse().unwrap();
    assert!(!partition.is_resend(7, hour(0)).unwrap());
}

#[test]
fn ids_that_do_not_fit_into_memory_go_to_disk() {
    const LIMIT: usize = 32 << 10;
    let (_folder, memory) = memory(LIMIT);
    let mut partitions = [Partition::new(&memory), Partition::new(&memory)];
    for id in 0..10_000 {
        for partition in &mut partitions {
            assert!(!partition.is_resend(id, hour(0)).unwrap());
        }
        // The newest ids of each partition stay in memory; of the others not even the filters do.
        assert!(memory.used() <= LIMIT + 2 * 64 * 25, "{} bytes", memory.used());
    }
    for partition in &partitions {
        let Remembered { memory, disk } = partition.ids.remembered();
        assert_eq!(memory + disk, 10_000);
        assert!(disk > 9_000, "{disk}");
    }
    for partition in &mut partitions {
        assert!((0..10_000).step_by(97).all(|id| partition.is_resend(id, hour(1)).unwrap()));
    }
    drop(partitions);
    assert!(memory.used() <= LIMIT / 8, "only the cache remains");
}

#[test]
fn old_ids_expire_in_memory_and_on_disk() {
    for limit in [0, 1 << 30] {
        let (_folder, memory) = memory(limit);
        let mut partition = Partition::new(&memory);
        for id in 0..1_000 {
            partition.is_resend(id, hour(0)).unwrap();
        }
        partition.is_resend(1_000, hour(40)).unwrap();
        assert_eq!(partition.ids.remembered(), Remembered { memory: 1, disk: 0 });
    }
}

#[test]
fn a_broken_disk_is_an_error_and_never_an_id_not_seen() {
    let (folder, memory) = memory(0);
    let mut partition = Partition::new(&memory);
    for id in 0..1_000 {
        partition.is_resend(id, hour(0)).unwrap();
    }
    overwrite_files(folder.path());
    let decided: Vec<_> = (0..900).map(|id| partition.is_resend(id, hour(1))).collect();
    assert!(decided.iter().all(|decided| !matches!(decided, Ok(false))));
    assert!(decided.iter().any(Result::is_err));
    drop(partition);

    // A new partition gets a new disk without that history.
    let mut partition = Partition::new(&memory);
    for round in 0..2 {
        assert!((0..1_000).all(|id| partition.is_resend(id, hour(2)).unwrap() == (round == 1)));
    }
}

#[test]
fn nothing_remains_on_disk() {
    let (folder, memory) = memory(0);
    let mut partition = Partition::new(&memory);
    for id in 0..1_000 {
        partition.is_resend(id, hour(0)).unwrap();
    }
    assert!(files(folder.path()).len() > 2);
    drop((partition, memory));
    assert_eq!(files(folder.path()), [folder.path().join("lock")]);
}

#[test]
fn an_unusable_folder_is_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = Memory::new(1 << 20, &file);
    assert!(matches!(refused, Err(RecentIdsError::Folder { .. })));
}
