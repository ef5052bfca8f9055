use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use archive::ArchivedRecord;
use chrono::Utc;
use control_plane::{Archived, PersonEraseStep, PersonErasure};
use privacy::ErasedPersons;
use serde_json::json;
use uuid::Uuid;

use super::steps::Erasing;
use crate::{
    ProcessorError,
    history::is_of_erased_person,
    object_erasure::{OBJECTS_AT_ONCE, Progress, erase_in},
};

const STEP: PersonEraseStep = PersonEraseStep::Archive;

/// An erasure that reads the archive.
struct Reader<'a> {
    erasure: &'a PersonErasure,
    persons: Arc<ErasedPersons>,
    progress: Progress,
}

/// Erases the records of the persons of some erasures, each from where an earlier attempt ended. An object is read
/// once for all that have not read it.
pub(super) async fn erase(
    erasing: &Erasing<'_>,
    erasures: &[&PersonErasure],
) -> Result<(), ProcessorError> {
    let mut readers = BTreeMap::<Uuid, Reader<'_>>::new();
    let mut all = ErasedPersons::default();
    let mut since = Utc::now();
    for erasure in erasures {
        let counts = match erasure.step(STEP) {
            Some(begun) => begun.counts.clone(),
            None => {
                erasing.platform.begin_person_erase_step(erasure, STEP, &json!({})).await?;
                json!({})
            }
        };
        if let Some(tenant) = erasing.tenant(erasure).await? {
            since = since.min(tenant.created_at);
        }
        let wanted = erasing.wanted(erasure).await?;
        let persons = wanted.map(|wanted| wanted.persons).unwrap_or_default();
        all.merge(&persons);
        let persons = Arc::new(persons);
        let progress = Progress::from(&counts);
        readers.insert(erasure.erasure_id, Reader { erasure, persons, progress });
    }
    let all = Arc::new(all);
    let ledger = erasing.dependencies.control_plane.ledger();
    let objects = ledger.archived_between(since..Utc::now()).await?;
    for some in objects.chunks(OBJECTS_AT_ONCE) {
        for object in some {
            read(erasing, object, &all, &mut readers).await?;
        }
        for Reader { erasure, progress, .. } in readers.values() {
            erasing.platform.note_person_erase_step(erasure, STEP, &progress.note()).await?;
        }
    }
    for Reader { erasure, progress, .. } in readers.values() {
        erasing.platform.finish_person_erase_step(erasure, STEP, &progress.counts()).await?;
    }
    Ok(())
}

/// Reads an object for those that have not read it. `all` are the persons of all of them.
async fn read(
    erasing: &Erasing<'_>,
    object: &Archived,
    all: &Arc<ErasedPersons>,
    readers: &mut BTreeMap<Uuid, Reader<'_>>,
) -> Result<(), ProcessorError> {
    let wanting = readers.iter().filter(|(_, reader)| !reader.progress.has_read(object));
    let wanting: Vec<_> = wanting.map(|(id, reader)| (*id, Arc::clone(&reader.persons))).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = wanting.iter().map(|(id, _)| *id).collect();
    let counts: Arc<[AtomicU64]> = wanting.iter().map(|_| AtomicU64::new(0)).collect();
    let counted = Arc::clone(&counts);
    let all = Arc::clone(all);
    // A record is counted for the first erasure that it is of.
    let is_wanted = move |record: &ArchivedRecord| {
        if !is_of_erased_person(&all, record) {
            return false;
        }
        let found = wanting.iter().zip(&*counted);
        let mut found = found.filter(|((_, persons), _)| is_of_erased_person(persons, record));
        found.next().map(|(_, count)| count.fetch_add(1, Ordering::Relaxed)).is_some()
    };
    let erased = erase_in(erasing.dependencies, object, is_wanted).await?;
    for (id, count) in ids.iter().zip(&*counts) {
        let records = count.load(Ordering::Relaxed);
        if let Some(Reader { progress, .. }) = readers.get_mut(id) {
            progress.records += records;
            progress.objects += u64::from(erased.is_replaced && records > 0);
            progress.pass(object);
        }
    }
    Ok(())
}
