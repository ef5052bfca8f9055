//! Erasing records in the objects of the archive, which hold the records of all tenants: each object is read, and
//! rewritten if needed.

use std::collections::BTreeMap;

use archive::{ArchiveError, ArchivedRecord, ObjectKey};
use control_plane::Archived;
use serde_json::{Value, json};

use crate::{Dependencies, ProcessorError};

/// How many objects are read between two notes of the progress.
pub(crate) const OBJECTS_AT_ONCE: usize = 20;

/// How far an erasure in the archive is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The first offset of the last object that was read of each partition, named by [`partition`]. A position
    /// in the list of all objects would be another one once a partition has a new object.
    read: BTreeMap<String, u64>,
    /// Objects that were rewritten.
    pub(crate) objects: u64,
    /// Records that were erased in them.
    pub(crate) records: u64,
}

impl From<&Value> for Progress {
    fn from(counts: &Value) -> Self {
        let count = |name| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
        let read = counts.get("read").and_then(Value::as_object).into_iter().flatten();
        let read = read.filter_map(|(name, first)| Some((name.clone(), first.as_u64()?)));
        Self { read: read.collect(), objects: count("objects"), records: count("records") }
    }
}

impl Progress {
    /// Whether an earlier attempt has read the object. Each partition's objects follow each other, and were read in
    /// that order.
    pub(crate) fn has_read(&self, object: &Archived) -> bool {
        let first = object.range.first.get();
        self.read.get(&partition(object)).is_some_and(|last_read| first <= *last_read)
    }

    /// Notes that the object was read.
    pub(crate) fn pass(&mut self, object: &Archived) {
        self.read.insert(partition(object), object.range.first.get());
    }

    /// Returns what an attempt that continues needs.
    pub(crate) fn note(&self) -> Value {
        let Self { read, objects, records } = self;
        json!({"read": read, "objects": objects, "records": records})
    }

    /// Returns what a receipt says.
    pub(crate) fn counts(&self) -> Value {
        json!({"objects": self.objects, "records": self.records})
    }
}

/// Returns the name of the partition and generation of an object.
fn partition(object: &Archived) -> String {
    format!("{}/{}", object.range.generation, object.range.partition)
}

/// What an erasure changed in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectErased {
    /// Whether the object differs from what the ledger knew: now, or since an attempt that was killed.
    pub(crate) is_replaced: bool,
    /// Records that were erased now.
    pub(crate) records: u64,
}

/// Erases the records of an object that `is_wanted` picks.
///
/// The ledger gets the new hash after the object is replaced: after a crash in between, the object is found to have no
/// such record, and to differ from its hash.
pub(crate) async fn erase_in(
    dependencies: &Dependencies,
    object: &Archived,
    is_wanted: impl Fn(&ArchivedRecord) -> bool + Send + 'static,
) -> Result<ObjectErased, ProcessorError> {
    let key = ObjectKey::from(object.range);
    let erased = dependencies.archive.erase_records(key, is_wanted).await?;
    let stored = erased.stored;
    if stored.records != object.records {
        let reason = format!("it has {} records and must have {}", stored.records, object.records);
        return Err(ArchiveError::Damaged { object: key, reason }.into());
    }
    let is_replaced = stored.sha256 != object.sha256;
    if is_replaced {
        let replacement = Archived { bytes: stored.bytes, sha256: stored.sha256, ..object.clone() };
        let ledger = dependencies.control_plane.ledger();
        ledger.replace_object_hash(object, &replacement).await?;
    }
    Ok(ObjectErased { is_replaced, records: erased.records })
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use log::LogRange;

    use super::*;

    fn object(partition: u16, first: u64) -> Archived {
        Archived {
            range: LogRange::new(1, partition, first, first + 9),
            records: 10,
            bytes: 1,
            sha256: [0; 32],
            logged_from: Utc::now(),
            logged_to: Utc::now(),
        }
    }

    #[test]
    fn an_attempt_that_continues_reads_what_each_partition_got_meanwhile() {
        let mut progress = Progress { objects: 2, records: 7, ..Progress::default() };
        for read in [object(0, 0), object(0, 10), object(1, 0)] {
            progress.pass(&read);
        }
        let continued = Progress::from(&progress.note());
        assert_eq!((continued.objects, continued.records), (2, 7));
        let after = [object(0, 0), object(0, 10), object(0, 20), object(1, 0), object(1, 10)];
        let left = after.iter().filter(|object| !continued.has_read(object));
        let left: Vec<_> = left.map(|object| object.range).collect();
        assert_eq!(left, [object(0, 20).range, object(1, 10).range]);
    }
}
