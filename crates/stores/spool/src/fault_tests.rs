//! Disk faults that a real disk does not have on demand: errors of single calls, and slowness.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use rustix::fs::Dir;
use tempfile::TempDir;
use testkit::eventually;

use crate::{Spool, SpoolError, SpoolSettings, disk::Disk};

/// The faults to inject, and a record of what the disk did.
#[derive(Default)]
struct Script {
    syncs: usize,
    read_backs: usize,
    failing_syncs: usize,
    lying_read_back: bool,
    /// How many bytes of the next write fit on the disk.
    room: Option<usize>,
    /// The content of each file, by inode, at its last fsync.
    durable: BTreeMap<u64, Vec<u8>>,
    /// The inodes that had a name at the folder's last fsync.
    named: BTreeSet<u64>,
    /// Whether fsyncs wait.
    held: bool,
}

#[derive(Clone, Default)]
struct ScriptedDisk(Arc<(Mutex<Script>, Condvar)>);

impl ScriptedDisk {
    fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        let changed = change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        changed
    }

    fn is_durable(&self, record: &[u8]) -> bool {
        self.script(|script| {
            let mut files = script.durable.iter().filter(|(file, _)| script.named.contains(file));
            files.any(|(_, bytes)| bytes.windows(record.len()).any(|window| window == record))
        })
    }
}

impl Disk for ScriptedDisk {
    fn write(&mut self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        match self.script(|script| script.room.take()) {
            None => file.write_all_at(bytes, at),
            Some(room) => {
                file.write_all_at(&bytes[..room], at)?;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        let script = self.0.0.lock().unwrap();
        let mut script = self.0.1.wait_while(script, |script| script.held).unwrap();
        script.syncs += 1;
        if script.failing_syncs > 0 {
            script.failing_syncs -= 1;
            return Err(io::Error::from_raw_os_error(5));
        }
        let metadata = file.metadata()?;
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap()];
        file.read_exact_at(&mut bytes, 0)?;
        script.durable.insert(metadata.ino(), bytes);
        Ok(())
    }

    fn sync_folder(&mut self, folder: &File) -> io::Result<()> {
        let entries = Dir::read_from(folder)?;
        let named =
            entries.map(|entry| entry.map(|entry| entry.ino())).collect::<Result<_, _>>()?;
        self.script(|script| script.named = named);
        Ok(())
    }

    fn read_back(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        self.script(|script| {
            script.read_backs += 1;
            if script.lying_read_back { Ok(vec![0; 1 << 16]) } else { fs::read(path) }
        })
    }
}

fn open(folder: &TempDir) -> (Spool, ScriptedDisk) {
    let settings = SpoolSettings {
        folder: folder.path().to_owned(),
        max_bytes: 1 << 30,
        max_disk_percent: 100,
        segment_mib: 64,
        segment_seconds: 60,
    };
    let disk = ScriptedDisk::default();
    (Spool::on(&settings, Box::new(disk.clone())).unwrap(), disk)
}

async fn append(spool: &Spool, record: &str) -> Result<(), SpoolError> {
    spool.append([record.as_bytes()]).await
}

async fn drained(spool: &Spool) -> Vec<String> {
    let mut records = Vec::new();
    while spool.oldest_age().is_some() {
        let mut segment = spool.oldest().await.unwrap();
        while let Some(frame) = segment.next().await.unwrap() {
            records.extend(frame.iter().map(|record| String::from_utf8(record.to_vec()).unwrap()));
        }
        spool.delete(segment).await.unwrap();
    }
    records
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_is_accepted_until_the_disk_is_proved_good() {
    let folder = TempDir::new().unwrap();
    let (spool, disk) = open(&folder);
    append(&spool, "before").await.unwrap();

    disk.script(|script| {
        script.failing_syncs = 1;
        script.lying_read_back = true;
    });
    assert!(matches!(append(&spool, "failed").await, Err(SpoolError::InDoubt)));
    // From here on every fsync succeeds, as it does on Linux. That proves nothing.
    for _ in 0..3 {
        assert!(matches!(append(&spool, "refused").await, Err(SpoolError::InDoubt)));
        assert!(matches!(spool.check(), Err(SpoolError::InDoubt)));
    }
    eventually("two proofs were tried", async || {
        disk.script(|script| script.read_backs >= 2).then_some(())
    })
    .await;
    assert!(matches!(append(&spool, "refused").await, Err(SpoolError::InDoubt)));

    disk.script(|script| script.lying_read_back = false);
    eventually("the disk is good again", async || spool.check().ok()).await;
    append(&spool, "after").await.unwrap();
    assert_eq!(drained(&spool).await, ["before", "after"]);
}

#[tokio::test]
async fn an_fsync_that_fails_for_a_new_segment_is_a_failed_fsync() {
    let folder = TempDir::new().unwrap();
    let (spool, disk) = open(&folder);
    disk.script(|script| script.failing_syncs = 1);
    assert!(matches!(append(&spool, "failed").await, Err(SpoolError::InDoubt)));
    eventually("the disk is good again", async || spool.check().ok()).await;
    append(&spool, "after").await.unwrap();
    assert_eq!(drained(&spool).await, ["after"]);
}

#[tokio::test]
async fn a_disk_that_fills_up_within_a_frame_loses_no_other_record() {
    for room in [0, 1, 15, 16, 20] {
        let folder = TempDir::new().unwrap();
        let (spool, disk) = open(&folder);
        append(&spool, "before").await.unwrap();
        disk.script(|script| script.room = Some(room));
        assert!(matches!(append(&spool, "too much").await, Err(SpoolError::Full)));
        // Draining begins, so that a new segment is written.
        drop(spool.oldest().await.unwrap());
        append(&spool, "after").await.unwrap();
        drop(spool);
        let (spool, _) = open(&folder);
        assert_eq!(drained(&spool).await, ["before", "after"], "room for {room}");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "only the lock remains, nothing was set aside");
    }
}

#[tokio::test]
async fn appends_that_arrive_while_the_disk_is_busy_share_one_fsync() {
    let folder = TempDir::new().unwrap();
    let (spool, disk) = open(&folder);
    append(&spool, "begin").await.unwrap();
    let before = disk.script(|script| {
        script.held = true;
        script.syncs
    });
    let mut appends = tokio::task::JoinSet::new();
    for number in 0..32 {
        let spool = spool.clone();
        appends.spawn(async move { append(&spool, &format!("event {number}")).await });
    }
    tokio::task::yield_now().await;
    disk.script(|script| script.held = false);
    while let Some(appended) = appends.join_next().await {
        appended.unwrap().unwrap();
    }
    let syncs = disk.script(|script| script.syncs) - before;
    assert!(syncs <= 3, "{syncs} fsyncs for 32 appends");
    assert_eq!(drained(&spool).await.len(), 33);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_returns_only_once_its_record_is_durable() {
    let folder = TempDir::new().unwrap();
    let (spool, disk) = open(&folder);
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..8 {
        let spool = spool.clone();
        let disk = disk.clone();
        appenders.spawn(async move {
            for number in 0..50 {
                let record = format!("<{appender}:{number}>");
                append(&spool, &record).await.unwrap();
                assert!(disk.is_durable(record.as_bytes()), "{record} was acknowledged too early");
            }
        });
    }
    while let Some(appender) = appenders.join_next().await {
        appender.unwrap();
    }
    assert_eq!(drained(&spool).await.len(), 400);
}

#[tokio::test]
async fn a_segment_that_could_not_be_set_aside_is_counted_as_left() {
    let folder = TempDir::new().unwrap();
    let (spool, _) = open(&folder);
    append(&spool, "event").await.unwrap();
    let segment = spool.oldest().await.unwrap();
    let mut files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    let file = files.find(|file| file.extension().is_some()).unwrap();
    // No file can be renamed to the name of a folder. That folder is counted, too.
    fs::create_dir(file.with_extension("corrupt")).unwrap();
    assert!(spool.set_aside(segment).await.is_err());
    assert_eq!((spool.bytes(), spool.count_left().unwrap()), (0, 2));
}
