use std::collections::BTreeMap;

use archive::{ArchiveError, ObjectKey};
use chrono::Utc;
use control_plane::{Archived, EraseStep};
use serde_json::{Value, json};

use super::steps::Erasure;
use crate::ProcessorError;

/// How many objects are read between two notes of the progress.
const OBJECTS_AT_ONCE: usize = 20;

/// How far the erasure of a tenant in the archive is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// The first offset of the last object that was read of each partition, named by [`partition`]. A position
    /// in the list of all objects would be another one once a partition has a new object.
    read: BTreeMap<String, u64>,
    /// Objects that were rewritten.
    pub(super) objects: u64,
    /// Records that were erased in them.
    pub(super) records: u64,
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
    fn has_read(&self, object: &Archived) -> bool {
        let first = object.range.first.get();
        self.read.get(&partition(object)).is_some_and(|last_read| first <= *last_read)
    }

    /// Returns what an attempt that continues needs.
    fn note(&self) -> Value {
        let Self { read, objects, records } = self;
        json!({"read": read, "objects": objects, "records": records})
    }
}

/// Returns the name of the partition and generation of an object.
fn partition(object: &Archived) -> String {
    format!("{}/{}", object.range.generation, object.range.partition)
}

/// Erases a tenant's records in every object that may have some, from where an earlier attempt ended.
///
/// The objects hold the records of all tenants, so each one is read, and rewritten if needed. The ledger
/// gets the new hash after the object is replaced: after a crash in between, the object is found to have no
/// record of the tenant, and to differ from its hash.
pub(super) async fn erase(
    erasure: &Erasure<'_>,
    mut progress: Progress,
) -> Result<Progress, ProcessorError> {
    let ledger = erasure.dependencies.control_plane.ledger();
    let Some(tenant) = erasure.platform.tenant(erasure.client_id).await? else {
        return Ok(progress);
    };
    let objects = ledger.archived_between(tenant.created_at..Utc::now()).await?;
    let left: Vec<_> = objects.iter().filter(|object| !progress.has_read(object)).collect();
    for some in left.chunks(OBJECTS_AT_ONCE) {
        for object in some {
            erase_in(erasure, object, &mut progress).await?;
        }
        let step = EraseStep::Archive;
        erasure.platform.note_erase_step(erasure.client_id, step, &progress.note()).await?;
    }
    Ok(progress)
}

async fn erase_in(
    erasure: &Erasure<'_>,
    object: &Archived,
    progress: &mut Progress,
) -> Result<(), ProcessorError> {
    let key = ObjectKey::from(object.range);
    let dependencies = erasure.dependencies;
    let erased = dependencies.archive.erase(key, erasure.client_id.as_str()).await?;
    let stored = erased.stored;
    if stored.records != object.records {
        let reason = format!("it has {} records and must have {}", stored.records, object.records);
        return Err(ArchiveError::Damaged { object: key, reason }.into());
    }
    if stored.sha256 != object.sha256 {
        let replacement = Archived { bytes: stored.bytes, sha256: stored.sha256, ..object.clone() };
        let ledger = dependencies.control_plane.ledger();
        ledger.replace_object_hash(object, &replacement).await?;
        progress.objects += 1;
    }
    progress.read.insert(partition(object), object.range.first.get());
    progress.records += erased.records;
    Ok(())
}

#[cfg(test)]
mod tests {
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
            progress.read.insert(partition(&read), read.range.first.get());
        }
        let continued = Progress::from(&progress.note());
        assert_eq!((continued.objects, continued.records), (2, 7));
        let after = [object(0, 0), object(0, 10), object(0, 20), object(1, 0), object(1, 10)];
        let left = after.iter().filter(|object| !continued.has_read(object));
        let left: Vec<_> = left.map(|object| object.range).collect();
        assert_eq!(left, [object(0, 20).range, object(1, 10).range]);
    }
}
