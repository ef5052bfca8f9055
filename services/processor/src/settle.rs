//! What a reconciliation does not know of after a store was restored from a copy: the copy has what was erased since,
//! and the ledger has the hashes of objects as they were before or after an erasure.

use std::{collections::BTreeSet, time::Duration};

use archive::{ArchiveError, ArchivedRecord, ObjectKey};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ControlPlaneError, ExclusiveLease};
use tenancy::{ClientId, Destination, Isolation, Placement};
use tokio::time::sleep;

use crate::{Dependencies, ProcessorError, object_erasure::erase_in};

/// How often the lease of another erasure, or rows that the server still deletes, are checked.
const CHECK: Duration = Duration::from_millis(200);

/// The objects of the archive after it or PostgreSQL was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettledArchive {
    /// Objects that were read.
    pub objects: u64,
    /// Objects whose hash the ledger had not.
    pub noted: u64,
    /// Records that were erased in them.
    pub erased: u64,
    /// Objects that are missing or damaged: a reconciliation restores or reports them.
    pub left: u64,
    /// Objects under a data key that is lost: nobody can read them.
    pub locked: u64,
}

/// Reads every object of the archive. Erases again what offboarded tenants and expired records had in it, and writes
/// the hash of each object to the ledger. Records of erased persons need [`crate::erase_persons_again`].
///
/// Only after a restore that compared each file with its hash: here, an object is right if it can be read and has as
/// many records as the ledger says. `observe` is called with the number of objects read, and of all.
///
/// # Errors
/// PostgreSQL or the archive is unavailable.
pub async fn settle_archive(
    dependencies: &Dependencies,
    observe: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<SettledArchive, ProcessorError> {
    let mut lease = lease(dependencies).await?;
    let settled = lease.during(settle_objects(dependencies, observe)).await??;
    lease.end().await?;
    Ok(settled)
}

/// Deletes the rows that restored tables have of tenants whose data was erased. Returns of how many tenants there
/// were some.
///
/// # Errors
/// PostgreSQL or ClickHouse is unavailable.
pub async fn erase_tenants_again(
    dependencies: &Dependencies,
    restored: &[Destination],
) -> Result<u64, ProcessorError> {
    let mut lease = lease(dependencies).await?;
    let erased = lease.during(erase_tenants(dependencies, restored)).await??;
    lease.end().await?;
    Ok(erased)
}

/// Waits for the right to erase, which one process has at a time.
pub(crate) async fn lease(
    dependencies: &Dependencies,
) -> Result<ExclusiveLease, ControlPlaneError> {
    let ledger = dependencies.control_plane.ledger();
    loop {
        match ledger.begin_erasure().await? {
            Some(lease) => return Ok(lease),
            None => sleep(CHECK).await,
        }
    }
}

async fn settle_objects(
    dependencies: &Dependencies,
    observe: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<SettledArchive, ProcessorError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let erased = platform.erased_tenants().await?;
    let expired = platform.archive_erased_until().await?;
    let ledger = dependencies.control_plane.ledger();
    let all_time = DateTime::UNIX_EPOCH..Utc::now() + TimeDelta::days(1);
    let objects = ledger.archived_between(all_time).await?;
    let mut settled = SettledArchive::default();
    for object in &objects {
        let past = expired.iter().filter(|(_, until)| object.logged_to < **until);
        let keys = erased.iter().chain(past.map(|(tenant, _)| tenant)).map(key_of);
        let keys: BTreeSet<Vec<u8>> = keys.collect();
        let is_wanted = move |record: &ArchivedRecord| {
            record.key.as_deref().is_some_and(|key| keys.contains(key))
        };
        match erase_in(dependencies, object, is_wanted).await {
            Ok(found) => {
                settled.noted += u64::from(found.is_replaced);
                settled.erased += found.records;
            }
            Err(ProcessorError::Archive(
                ArchiveError::Missing(_) | ArchiveError::Damaged { .. },
            )) => {
                let key = ObjectKey::from(object.range);
                tracing::warn!(%key, "an object is left to a reconciliation");
                settled.left += 1;
            }
            Err(ProcessorError::Archive(error @ ArchiveError::Locked { .. })) => {
                tracing::error!(%error, "an object cannot be read");
                settled.locked += 1;
            }
            Err(error) => return Err(error),
        }
        settled.objects += 1;
        observe(settled.objects, objects.len() as u64);
    }
    Ok(settled)
}

fn key_of(tenant: &ClientId) -> Vec<u8> {
    tenant.as_str().as_bytes().to_vec()
}

async fn erase_tenants(
    dependencies: &Dependencies,
    restored: &[Destination],
) -> Result<u64, ProcessorError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let warehouse = &dependencies.warehouse;
    let mut found = 0;
    for tenant in platform.erased_tenants().await? {
        let places = Isolation::ALL.map(|isolation| {
            let of_cluster = |destination: &Destination| Placement {
                isolation,
                cluster: destination.cluster.clone(),
                route_version: 1,
            };
            let placements = restored.iter().map(of_cluster).zip(restored);
            let of_tenant = placements
                .filter(|(placement, destination)| placement.destination(&tenant) == **destination);
            of_tenant.map(|(placement, _)| placement).collect::<Vec<_>>()
        });
        let mut had_rows = false;
        for placement in places.into_iter().flatten() {
            while !warehouse.rows_of_tenant(&placement, &tenant).await?.is_empty() {
                had_rows = true;
                // It starts a deletion that does not run yet; the server works in the background.
                warehouse.erase_tenant(&placement, &tenant).await?;
                sleep(CHECK).await;
            }
        }
        found += u64::from(had_rows);
    }
    Ok(found)
}
