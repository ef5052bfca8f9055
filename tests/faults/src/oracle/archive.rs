use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use archive::{Archive, ArchiveSettings};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Ledger, SealedDataKeys};
use log::Offset;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::comparison::Differences;
use crate::Failure;

/// The archived event ids of each tenant.
pub(crate) type Archived = BTreeMap<String, BTreeSet<Uuid>>;

/// The part of a canonical event that is read.
#[derive(Deserialize)]
struct Canonical {
    event_id: Uuid,
}

/// Reads every object of the manifest and checks its SHA-256. Gaps and overlaps between objects go
/// to `differences`.
pub(crate) async fn archived(
    ledger: &Ledger,
    keys: Arc<SealedDataKeys>,
    folder: &Path,
    differences: &mut Differences,
) -> Result<Archived, Failure> {
    let settings: ArchiveSettings = serde_json::from_value(json!({
        "url": folder, "region": "", "endpoint": "", "access_key_id": "", "secret_access_key": "",
        "encrypt": true,
    }))?;
    let archive = Archive::new(&settings, keys)?;
    let all_time = DateTime::UNIX_EPOCH..Utc::now() + TimeDelta::days(1);
    let mut next = BTreeMap::<_, Offset>::new();
    let mut events = Archived::new();
    for object in ledger.archived_between(all_time).await? {
        let range = object.range;
        let next = next.entry((range.generation, range.partition)).or_default();
        let gap = range.first - *next;
        let overlap = *next - range.first;
        differences
            .add(gap, overlap, || format!("archive: {object:?}, expected to begin at {next}"));
        *next = range.last.next();
        let records = archive.read(range.into(), &object.sha256).await?;
        let missing = object.records.abs_diff(records.len() as u64);
        differences
            .add(missing, 0, || format!("archive: {object:?} has {} records", records.len()));
        for record in records {
            let (Some(key), Some(payload)) = (record.key, record.payload) else { continue };
            let event: Canonical = serde_json::from_slice(&payload)?;
            let tenant = String::from_utf8_lossy(&key).into_owned();
            events.entry(tenant).or_default().insert(event.event_id);
        }
    }
    Ok(events)
}
