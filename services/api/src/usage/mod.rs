//! What each tenant uses, by day of its own clock.
//!
//! Events and rejects are counted in their rows, which the reconciliation compares with the ledger, so
//! these numbers are exact. Reports and streams are counted by the processes, which store their counts
//! every ten seconds.

mod answer;
mod meter;
mod query;

use chrono::{DateTime, Utc};
use control_plane::{PlatformControl, TenantDetail};
use tenancy::TenantContext;

use crate::{failure::Failure, state::Api};

pub(crate) use answer::UsageAnswer;
pub(crate) use meter::start;
pub(crate) use query::UsageDaysQuery;

use answer::UsageParts;

/// Returns what the tenant of a request used.
///
/// # Errors
/// The days are not valid, or a store is unavailable.
pub(crate) async fn of_tenant(
    api: &Api,
    tenant: &TenantContext,
    query: &UsageDaysQuery,
    now: DateTime<Utc>,
) -> Result<UsageAnswer, Failure> {
    let zone = tenant.time_zone();
    let days = query.parse(zone, now)?;
    let times = query::times(&days, zone)?;
    // Read before the rows, which then have more, not less.
    let as_of = api.sources.stored_as_of().await;
    let reader = api.warehouse.for_tenant(tenant).in_one_slot();
    let sent = reader.usage(&times).await?;
    let storage = api.warehouse.stored_bytes(tenant.destination(), tenant.client_id());
    let storage_bytes = storage.await?;
    let counts = api.control_plane.for_tenant(tenant).usage(&days).await?;
    Ok(UsageParts { zone, days, sent, counts, storage_bytes, as_of }.into())
}

/// Returns what a tenant used, for the platform.
///
/// # Errors
/// The days are not valid, or a store is unavailable.
pub(crate) async fn of_platform(
    api: &Api,
    platform: &PlatformControl,
    tenant: &TenantDetail,
    query: &UsageDaysQuery,
    now: DateTime<Utc>,
) -> Result<UsageAnswer, Failure> {
    let record = &tenant.record;
    let zone = record.time_zone;
    let days = query.parse(zone, now)?;
    let times = query::times(&days, zone)?;
    let as_of = api.sources.stored_as_of().await;
    let destination = record.placement.destination(&record.client_id);
    let sent = api.warehouse.usage(&destination, &record.client_id, &times).await?;
    let storage_bytes = api.warehouse.stored_bytes(&destination, &record.client_id).await?;
    let counts = platform.usage(&record.client_id, &days).await?;
    Ok(UsageParts { zone, days, sent, counts, storage_bytes, as_of }.into())
}
