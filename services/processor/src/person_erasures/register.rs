//! A copy of each erasure beside the archive. PostgreSQL that is restored to an earlier time does not know the
//! latest ones.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, PersonErasure};
use privacy::{PersonHash, PersonKind};
use serde::{Deserialize, Serialize};
use tenancy::ClientId;
use uuid::Uuid;

use super::steps::Erasing;
use crate::ProcessorError;

/// An entry of the register: what is needed to begin the erasure again. It names nobody.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    tenant: ClientId,
    erasure: Uuid,
    asked_by: String,
    asked_at: DateTime<Utc>,
    /// In hexadecimal.
    sealed_key: String,
    visitors: Vec<String>,
    customers: Vec<String>,
}

/// Puts an erasure into the register.
pub(super) async fn put(
    erasing: &Erasing<'_>,
    erasure: &PersonErasure,
) -> Result<(), ProcessorError> {
    let PersonErasure { client_id, erasure_id, asked_by, asked_at, persons, .. } = erasure;
    let Some(sealed_key) = erasing.platform.sealed_person_key(client_id).await? else {
        return Ok(());
    };
    let of = |wanted: PersonKind| {
        let persons = persons.iter().filter(|(kind, _)| *kind == wanted);
        persons.map(|(_, hash)| hash.to_string()).collect()
    };
    let entry = Entry {
        tenant: client_id.clone(),
        erasure: *erasure_id,
        asked_by: asked_by.clone(),
        asked_at: *asked_at,
        sealed_key: hex::encode(sealed_key),
        visitors: of(PersonKind::Visitor),
        customers: of(PersonKind::Customer),
    };
    // Keys are strings, so this cannot fail.
    let bytes = Bytes::from(serde_json::to_vec(&entry).unwrap_or_default());
    let register = erasing.dependencies.archive.erasure_register();
    Ok(register.put(client_id, *erasure_id, bytes).await?)
}

/// Restores the erasures of the register that the control plane does not know, and begins them again. Returns how many.
pub(super) async fn restore(erasing: &Erasing<'_>) -> Result<u64, ProcessorError> {
    let register = erasing.dependencies.archive.erasure_register();
    let mut restored = 0;
    for bytes in register.entries().await? {
        let Some((sealed_key, erasure)) = read(&bytes) else {
            tracing::error!("an entry of the register of erasures cannot be read");
            continue;
        };
        let PersonErasure { client_id, erasure_id, .. } = &erasure;
        let sealer = &erasing.dependencies.sealer;
        match erasing.platform.restore_person_erasure(sealer, &sealed_key, &erasure).await {
            Ok(false) => {}
            Ok(true) => {
                restored += 1;
                tracing::error!(%client_id, %erasure_id, "an erasure was lost and begins again");
            }
            Err(error @ ControlPlaneError::Corrupt { .. }) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(%client_id, %erasure_id, cause, "an erasure cannot be restored");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(restored)
}

/// Returns the sealed key and the erasure of an entry.
fn read(bytes: &[u8]) -> Option<(Vec<u8>, PersonErasure)> {
    let entry: Entry = serde_json::from_slice(bytes).ok()?;
    let mut persons = Vec::new();
    let lists = [(PersonKind::Visitor, &entry.visitors), (PersonKind::Customer, &entry.customers)];
    for (kind, hashes) in lists {
        for hash in hashes {
            let hash = hex::decode(hash).ok()?;
            persons.push((kind, PersonHash(hash.try_into().ok()?)));
        }
    }
    let erasure = PersonErasure {
        client_id: entry.tenant,
        erasure_id: entry.erasure,
        asked_by: entry.asked_by,
        asked_at: entry.asked_at,
        seen_at: None,
        repeated_at: None,
        persons,
        steps: Vec::new(),
        receipt: None,
        earlier_receipts: Vec::new(),
    };
    Some((hex::decode(entry.sealed_key).ok()?, erasure))
}
