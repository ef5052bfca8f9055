use std::{error::Error, time::Duration};

use control_plane::{PersonErasure, TenantDetail};
use tenancy::{ClientId, TenantState};

use super::{
    register,
    steps::{Erasing, Wanted},
};
use crate::ProcessorError;

/// How often the tables are searched for persons who were erased.
const EVERY: Duration = Duration::from_hours(24);

/// The name of the search in the ledger.
const NAME: &str = "persons";

/// Restores erasures that PostgreSQL has lost, and searches the tables for rows of persons whose erasure has
/// finished, once a day. If there are some, tables were restored from a copy, or a process that was frozen wrote
/// late: the tenant's erasures begin again.
///
/// Returns `false` if it could not be asked whether a day has passed, because another erasure runs.
pub(super) async fn run_if_due(erasing: &Erasing<'_>) -> Result<bool, ProcessorError> {
    let ledger = erasing.dependencies.control_plane.ledger();
    let Some(mut lease) = ledger.begin_erasure().await? else { return Ok(false) };
    if lease.is_due(NAME, EVERY).await? {
        lease.during(search(erasing)).await??;
        lease.end().await?;
    }
    Ok(true)
}

async fn search(erasing: &Erasing<'_>) -> Result<(), ProcessorError> {
    register::restore(erasing).await?;
    let erased = erasing.platform.erased_persons_version().await?;
    for TenantDetail { record, .. } in erasing.platform.tenants().await? {
        let client_id = record.client_id;
        if record.state == TenantState::Erasing || !erased.concerns(&client_id) {
            continue;
        }
        if let Err(error) = search_tenant(erasing, &client_id).await {
            // The clusters of another tenant may be available.
            let error: &dyn Error = &error;
            tracing::warn!(%client_id, error, "erased persons could not be searched for until tomorrow");
        }
    }
    Ok(())
}

/// Begins the erasures of a tenant again, if there are rows of a person whose erasure has finished.
async fn search_tenant(erasing: &Erasing<'_>, client_id: &ClientId) -> Result<(), ProcessorError> {
    let erasures = erasing.platform.person_erasures(client_id).await?;
    let finished: Vec<_> = erasures.iter().filter(|erasure| erasure.receipt.is_some()).collect();
    if !finished.is_empty() && has_rows(erasing, &finished).await? {
        let erasures = erasing.platform.repeat_person_erasures(client_id).await?.len();
        tracing::error!(%client_id, erasures, "erased persons have rows again: they are erased again");
    }
    Ok(())
}

/// Whether persons of these erasures of one tenant have rows.
async fn has_rows(
    erasing: &Erasing<'_>,
    erasures: &[&PersonErasure],
) -> Result<bool, ProcessorError> {
    let Some(first) = erasures.first() else { return Ok(false) };
    let client_id = &first.client_id;
    let key = erasing.platform.person_key(&erasing.dependencies.sealer, client_id).await?;
    let Some(key) = key else { return Ok(false) };
    let wanted = Wanted::new(&key, erasures.iter().copied());
    let placements = erasing.placements(client_id).await?;
    // Rejects expire soon, and name nobody whom a search of the rows would find.
    let no_rejects = |_: &[u8]| false;
    for placement in &placements {
        let warehouse = &erasing.dependencies.warehouse;
        let rows = warehouse.person_rows(placement, client_id, &wanted.search, &no_rejects).await?;
        if !rows.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
