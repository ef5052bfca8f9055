use std::{error::Error, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::ControlPlane;
use lifecycle::BoxError;
use tenancy::{PlatformContext, TenantRecord, TenantRouter};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use warehouse::{Warehouse, WarehouseError};

use crate::repair::horizon;

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(3_600);

/// How long the ledger keeps batches that are done: as long as the log keeps their records.
pub(crate) const BATCHES_KEPT: TimeDelta = TimeDelta::days(7);

/// Lets go of what need not be kept: batches that are long done, and tenants' rows and rejects
/// beyond their days of retention. Several processes may do so at the same time.
pub(crate) async fn run(
    control_plane: ControlPlane,
    warehouse: Warehouse,
    token: CancellationToken,
) -> Result<(), BoxError> {
    #[expect(clippy::disallowed_methods, reason = "retention is the platform's own work")]
    let platform = TenantRouter::platform("processor");
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        if let Err(error) = look_after(&control_plane, &warehouse, &platform, Utc::now()).await {
            tracing::warn!(error, "upkeep was left for the next hour");
        }
    }
}

async fn look_after(
    control_plane: &ControlPlane,
    warehouse: &Warehouse,
    platform: &PlatformContext,
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    control_plane.ledger().prune(now - BATCHES_KEPT).await?;
    let platform = control_plane.for_platform(platform);
    for tenant in platform.tenants().await? {
        let (horizon, record) = (horizon(&tenant, now), tenant.record);
        platform.prune_replays(&record.client_id, horizon).await?;
        match expire(warehouse, &record, horizon).await {
            Ok(true) => {
                tracing::info!(client_id = %record.client_id, %horizon, "old rows are being deleted");
            }
            Ok(false) => {}
            Err(error) => {
                // Another tenant's cluster may well be there.
                let error: &dyn Error = &error;
                tracing::warn!(client_id = %record.client_id, error, "old rows not deleted");
            }
        }
    }
    Ok(())
}

async fn expire(
    warehouse: &Warehouse,
    tenant: &TenantRecord,
    horizon: DateTime<Utc>,
) -> Result<bool, WarehouseError> {
    let destination = tenant.placement.destination(&tenant.client_id);
    warehouse.expire(&destination, &tenant.client_id, horizon).await
}
