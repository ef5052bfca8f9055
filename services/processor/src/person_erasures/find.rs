use std::collections::BTreeMap;

use archive::ObjectKey;
use chrono::Utc;
use control_plane::{ControlPlaneError, PersonErasure};
use tenancy::ClientId;
use uuid::Uuid;
use warehouse::PersonRows;

use super::{register, steps::Erasing};
use crate::{Dependencies, ProcessorError, history::is_of_erased_person};

/// What is left in each store of the persons of an erasure, from before it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonRemains {
    /// Rows of events in ClickHouse.
    pub event_rows: u64,
    /// Refused events in ClickHouse that name them.
    pub rejects: u64,
    /// Rows of what users keep that name them, by list.
    pub words: BTreeMap<&'static str, u64>,
    /// Report files that may have their rows.
    pub report_files: u64,
    /// Objects of the archive that were read.
    pub objects: u64,
    /// Their records in the archive.
    pub records: u64,
}

/// The stores could not be searched.
#[derive(Debug, thiserror::Error)]
pub enum PersonSearchError {
    /// The tenant has no such erasure.
    #[error("the tenant {client_id} has no erasure {erasure_id}")]
    Unknown {
        /// The tenant.
        client_id: ClientId,
        /// The erasure.
        erasure_id: Uuid,
    },
    /// A store is unavailable.
    #[error(transparent)]
    Store(#[from] ProcessorError),
}

impl From<ControlPlaneError> for PersonSearchError {
    fn from(error: ControlPlaneError) -> Self {
        Self::Store(error.into())
    }
}

impl PersonRemains {
    /// Returns whether nothing is left.
    pub fn is_empty(&self) -> bool {
        let Self { event_rows, rejects, words, report_files, objects: _, records } = self;
        *event_rows + *rejects + *report_files + *records + words.values().sum::<u64>() == 0
    }
}

/// Searches every store for the persons of an erasure. It changes nothing. `observe` is called with the number of
/// objects of the archive that are read, and of all.
///
/// # Errors
/// The tenant has no such erasure, or a store is unavailable.
pub async fn find_persons(
    dependencies: &Dependencies,
    client_id: &ClientId,
    erasure_id: Uuid,
    observe: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<PersonRemains, PersonSearchError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let erasures = platform.person_erasures(client_id).await?;
    let erasure = erasures.into_iter().find(|erasure| erasure.erasure_id == erasure_id);
    let unknown = || PersonSearchError::Unknown { client_id: client_id.clone(), erasure_id };
    let erasure = erasure.ok_or_else(unknown)?;
    let erasing = Erasing { dependencies, platform: &platform };
    let Some(wanted) = erasing.wanted(&erasure).await? else {
        return Ok(PersonRemains::default());
    };
    let placements = erasing.placements(client_id).await?;
    let PersonRows { event_rows, rejects } = erasing.rows(&erasure, &placements, &wanted).await?;
    let is_person = |word: &str| wanted.persons.include_word(client_id, word);
    let words = platform.count_person_words(client_id, &is_person).await?;
    let mut remains = PersonRemains { event_rows, rejects, words, ..PersonRemains::default() };
    remains.report_files = report_files(&erasing, &erasure).await?;
    let since = erasing.tenant(&erasure).await?.map_or_else(Utc::now, |tenant| tenant.created_at);
    let ledger = dependencies.control_plane.ledger();
    let objects = ledger.archived_between(since..Utc::now()).await?;
    for object in &objects {
        let key = ObjectKey::from(object.range);
        let read = dependencies.archive.read(key, &object.sha256).await;
        let records = read.map_err(ProcessorError::from)?;
        let found = records.iter().filter(|record| is_of_erased_person(&wanted.persons, record));
        remains.records += found.count() as u64;
        remains.objects += 1;
        observe(remains.objects, objects.len() as u64);
    }
    Ok(remains)
}

/// Begins all erasures of persons of a tenant again, also those that PostgreSQL has lost: after a store was restored
/// from a copy. Returns how many.
///
/// # Errors
/// PostgreSQL or the archive is unavailable.
pub async fn erase_persons_again(
    dependencies: &Dependencies,
    client_id: &ClientId,
) -> Result<u64, ProcessorError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    register::restore(&Erasing { dependencies, platform: &platform }).await?;
    platform.repeat_person_erasures(client_id).await?;
    let erasures = platform.person_erasures(client_id).await?;
    Ok(erasures.iter().filter(|erasure| erasure.receipt.is_none()).count() as u64)
}

/// Counts the files of jobs that began before the rows were deleted.
async fn report_files(
    erasing: &Erasing<'_>,
    erasure: &PersonErasure,
) -> Result<u64, ProcessorError> {
    let deleted_at = erasure.finished_at(control_plane::PersonEraseStep::ClickHouse);
    let deleted_at = deleted_at.unwrap_or(erasure.asked_at);
    Ok(erasing.platform.report_files_before(&erasure.client_id, deleted_at).await?)
}
