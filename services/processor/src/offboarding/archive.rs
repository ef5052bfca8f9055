use chrono::Utc;
use control_plane::EraseStep;

use super::steps::Erasure;
use crate::{
    ProcessorError,
    object_erasure::{OBJECTS_AT_ONCE, Progress, erase_in},
};

/// Erases a tenant's records in every object that may have some, from where an earlier attempt ended.
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
            let tenant = erasure.client_id.clone();
            let is_wanted = move |record: &archive::ArchivedRecord| {
                record.key.as_deref() == Some(tenant.as_str().as_bytes())
            };
            let erased = erase_in(erasure.dependencies, object, is_wanted).await?;
            progress.objects += u64::from(erased.is_replaced);
            progress.records += erased.records;
            progress.pass(object);
        }
        let step = EraseStep::Archive;
        erasure.platform.note_erase_step(erasure.client_id, step, &progress.note()).await?;
    }
    Ok(progress)
}
