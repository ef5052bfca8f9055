use std::{
    fs,
    path::{Path, PathBuf},
};

use spool::{Spool, SpoolSettings};

pub(crate) fn settings(folder: &Path) -> SpoolSettings {
    let settings = SpoolSettings {
        folder: folder.to_owned(),
        max_bytes: 1 << 30,
        max_disk_percent: 100,
        segment_mib: 1,
        segment_seconds: 60,
    };
    settings.validate().unwrap();
    settings
}

pub(crate) fn open(folder: &Path) -> Spool {
    Spool::open(&settings(folder)).unwrap()
}

/// Appends each record in a frame of its own.
pub(crate) async fn append_each(spool: &Spool, records: &[Vec<u8>]) {
    for record in records {
        spool.append([record.as_slice()]).await.unwrap();
    }
}

/// Drains the spool until it is empty.
pub(crate) async fn drain(spool: &Spool) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while spool.oldest_age().is_some() {
        let mut segment = spool.oldest().await.unwrap();
        while let Some(frame) = segment.next().await.unwrap() {
            records.extend(frame.iter().map(|record| record.to_vec()));
        }
        spool.delete(segment).await.unwrap();
    }
    records
}

/// Lists the files with this extension, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}
