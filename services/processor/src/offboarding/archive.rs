use archive::{ArchiveError, ObjectKey};
use chrono::Utc;
use control_plane::{Archived, EraseStep};
use serde_json::{Value, json};

use super::steps::Erasure;
use crate::ProcessorError;

/// How many objects are read between two notes of the progress.
const OBJECTS_AT_ONCE: usize = 20;

/// How far the erasure of a tenant in the archive is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Objects that were read, in the order of the ledger.
    read: u64,
    /// Objects that were rewritten.
    pub(super) objects: u64,
    /// Records that were erased in them.
    pub(super) records: u64,
}

impl From<&Value> for Progress {
    fn from(counts: &Value) -> Self {
        let count = |name| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
        Self { read: count("read"), objects: count("objects"), records: count("records") }
    }
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
    let read = usize::try_from(progress.read).unwrap_or(usize::MAX);
    for some in objects.get(read..).unwrap_or_default().chunks(OBJECTS_AT_ONCE) {
        for object in some {
            erase_in(erasure, object, &mut progress).await?;
        }
        let Progress { read, objects, records } = progress;
        let counts = json!({"read": read, "objects": objects, "records": records});
        let step = EraseStep::Archive;
        erasure.platform.note_erase_step(erasure.client_id, step, &counts).await?;
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
    progress.read += 1;
    progress.records += erased.records;
    Ok(())
}
