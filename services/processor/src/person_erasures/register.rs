//! A copy of each erasure beside the archive. PostgreSQL that is restored to an earlier time does not know the
//! latest ones.

use std::collections::BTreeMap;

use auth::{KeyEncryptionKeyId, Sealer};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, PersonErasure, rewrap_person_key};
use privacy::{PersonHash, PersonKind};
use serde::{Deserialize, Serialize};
use tenancy::ClientId;
use uuid::Uuid;

use super::steps::Erasing;
use crate::{Dependencies, ProcessorError, settle};

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
    put_entry(erasing.dependencies, &entry).await
}

async fn put_entry(dependencies: &Dependencies, entry: &Entry) -> Result<(), ProcessorError> {
    // Keys are strings, so this cannot fail.
    let bytes = Bytes::from(serde_json::to_vec(entry).unwrap_or_default());
    let register = dependencies.archive.erasure_register();
    Ok(register.put(&entry.tenant, entry.erasure, bytes).await?)
}

/// What became of the keys of persons in the register of erasures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewrappedRegister {
    /// Entries whose key was rewrapped.
    pub rewrapped: u64,
    /// Entries that cannot be read, or whose key the sealer cannot open.
    pub unopened: u64,
}

/// Returns how many keys of persons each key encryption key has sealed in the register of erasures. Those of
/// entries that cannot be read have none.
///
/// # Errors
/// The archive is unavailable.
pub async fn count_register_keys(
    dependencies: &Dependencies,
) -> Result<BTreeMap<Option<KeyEncryptionKeyId>, u64>, ProcessorError> {
    let mut counts = BTreeMap::new();
    for bytes in dependencies.archive.erasure_register().entries().await? {
        let key = entry(&bytes).and_then(|(_, sealed)| Sealer::key_of(&sealed).ok());
        *counts.entry(key).or_default() += 1;
    }
    Ok(counts)
}

/// Rewraps the keys of persons in the register of erasures that another key encryption key than the current one has
/// sealed. Safe to repeat.
///
/// # Errors
/// The archive or the control plane is unavailable.
pub async fn rewrap_register(
    dependencies: &Dependencies,
) -> Result<RewrappedRegister, ProcessorError> {
    // No tenant is erased meanwhile, whose entry would come back.
    let mut lease = settle::lease(dependencies).await?;
    let outcome = lease.during(rewrap_entries(dependencies)).await??;
    lease.end().await?;
    Ok(outcome)
}

async fn rewrap_entries(dependencies: &Dependencies) -> Result<RewrappedRegister, ProcessorError> {
    let sealer = &dependencies.sealer;
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let mut outcome = RewrappedRegister::default();
    for bytes in dependencies.archive.erasure_register().entries().await? {
        let Some((entry, sealed)) = entry(&bytes) else {
            outcome.unopened += 1;
            continue;
        };
        if Sealer::key_of(&sealed).is_ok_and(|key| key == sealer.current()) {
            continue;
        }
        let Ok(rewrapped) = rewrap_person_key(sealer, &entry.tenant, &sealed) else {
            outcome.unopened += 1;
            continue;
        };
        // The entries of a tenant that is erased must not come back.
        if platform.sealed_person_key(&entry.tenant).await?.is_some() {
            put_entry(dependencies, &Entry { sealed_key: hex::encode(rewrapped), ..entry }).await?;
            outcome.rewrapped += 1;
        }
    }
    Ok(outcome)
}

/// Returns an entry and its sealed key.
fn entry(bytes: &[u8]) -> Option<(Entry, Vec<u8>)> {
    let entry: Entry = serde_json::from_slice(bytes).ok()?;
    let sealed = hex::decode(&entry.sealed_key).ok()?;
    Some((entry, sealed))
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
