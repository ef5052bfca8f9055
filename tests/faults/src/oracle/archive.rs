use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use archive::{Archive, ArchiveSettings, ObjectKey};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Ledger;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::comparison::Differences;
use crate::Failure;

/// What the archive holds of every tenant, by id.
pub(crate) type Archived = BTreeMap<String, BTreeSet<Uuid>>;

/// What is read of a canonical event.
#[derive(Deserialize)]
struct Canonical {
    event_id: Uuid,
}

/// Reads every object that the ledger vouches for, each proven by its SHA-256; what of the log is
/// not in any goes to `differences`.
pub(crate) async fn archived(
    ledger: &Ledger,
    folder: &Path,
    differences: &mut Differences,
) -> Result<Archived, Failure> {
    let settings: ArchiveSettings = serde_json::from_value(json!({
        "url": folder, "region": "", "endpoint": "", "access_key_id": "", "secret_access_key": "",
    }))?;
    let archive = Archive::new(&settings)?;
    let ever = DateTime::UNIX_EPOCH..Utc::now() + TimeDelta::days(1);
    let mut next = BTreeMap::<_, u64>::new();
    let mut events = Archived::new();
    for object in ledger.archived_between(ever).await? {
        let (kgen, partition) = (object.kgen, object.partition);
        let next = next.entry((kgen, partition)).or_default();
        let (gap, again) = (object.first.saturating_sub(*next), next.saturating_sub(object.first));
        differences.add(gap, again, || format!("archive: {object:?} where {next} comes next"));
        *next = object.last + 1;
        let key = ObjectKey { kgen, partition, first: object.first, last: object.last };
        let records = archive.read(key, &object.sha256).await?;
        let missing = object.records.abs_diff(records.len() as u64);
        differences.add(missing, 0, || format!("archive: {object:?} holds {}", records.len()));
        for record in records {
            let (Some(key), Some(payload)) = (record.key, record.payload) else { continue };
            let event: Canonical = serde_json::from_slice(&payload)?;
            let tenant = String::from_utf8_lossy(&key).into_owned();
            events.entry(tenant).or_default().insert(event.event_id);
        }
    }
    Ok(events)
}
