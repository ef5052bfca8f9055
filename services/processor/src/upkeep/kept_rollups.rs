//! Rollups that outlive their rows.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ExclusiveLease, Group, Ledger, PlatformControl, TenantDetail};
use tokio::time::sleep;
use warehouse::ExpiredDay;

use crate::{Dependencies, ProcessorError};

/// How long rollups are kept before their rows are deleted. An api learns of them within a minute, and none of its
/// reports takes that long.
const SETTLES_AFTER: Duration = Duration::from_mins(10);

/// How far the clocks of brokers may differ.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// How often a lease is asked for, once a second, while a reconciliation runs.
const PATIENCE: u32 = 60;

/// Keeps the rollups of the tenant's rows before `horizon`. Returns the time before which the rows may be deleted:
/// of all days before it, rollups are kept for long enough.
pub(super) async fn keep_rollups(
    dependencies: &Dependencies,
    platform: &PlatformControl,
    tenant: &TenantDetail,
    horizon: DateTime<Utc>,
) -> Result<DateTime<Utc>, ProcessorError> {
    let client_id = &tenant.record.client_id;
    let destination = &tenant.record.placement.destination(client_id);
    let warehouse = &dependencies.warehouse;
    let days = warehouse.expired_days(destination, client_id, horizon, SETTLES_AFTER).await?;
    for day in days.iter().filter(|day| !day.is_kept) {
        // Nobody repairs rows, or lets the reads of a moved tenant go elsewhere, meanwhile. Later repairs know that the
        // day has expired.
        let Some(mut lease) = lease(&dependencies.control_plane.ledger()).await? else { break };
        let is_kept = lease.during(keep_day(dependencies, platform, tenant, *day)).await??;
        lease.end().await?;
        if !is_kept {
            break;
        }
    }
    Ok(days.iter().find(|day| !day.is_settled).map_or(horizon, |day| day.start))
}

/// Keeps the rollups of a day. Returns `false` while rows may still be added to it, and if the tenant was moved since
/// its placement was read.
async fn keep_day(
    dependencies: &Dependencies,
    platform: &PlatformControl,
    tenant: &TenantDetail,
    day: ExpiredDay,
) -> Result<bool, ProcessorError> {
    let Dependencies { control_plane, warehouse, kafka, .. } = dependencies;
    let client_id = &tenant.record.client_id;
    let current = platform.tenant(client_id).await?;
    if current.is_none_or(|current| current.record.placement != tenant.record.placement) {
        tracing::info!(%client_id, day = %day.start, "a tenant was moved, its old rows are left as they are");
        return Ok(false);
    }
    let destination = &tenant.record.placement.destination(client_id);
    let as_of = control_plane.ledger().as_of(Group::Store, &kafka.events_topic).await?;
    let is_stored = as_of.is_some_and(|as_of| day.end() + CLOCKS <= as_of);
    let is_kept = is_stored && warehouse.keep_day(destination, client_id, day).await?;
    match is_kept {
        true => tracing::info!(%client_id, day = %day.start, "the rollups of a day are kept"),
        false => tracing::warn!(%client_id, day = %day.start, "an expired day is not complete"),
    }
    Ok(is_kept)
}

/// Returns the right to repair rows; `None` if other processes have it for a minute.
async fn lease(ledger: &Ledger) -> Result<Option<ExclusiveLease>, ProcessorError> {
    for _ in 0..PATIENCE {
        if let Some(lease) = ledger.begin_reconciliation().await? {
            return Ok(Some(lease));
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(None)
}
