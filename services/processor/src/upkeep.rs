use std::{error::Error, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::ControlPlane;
use lifecycle::{BoxError, every};
use tenancy::{PlatformContext, TenantRecord, TenantState};
use tokio_util::sync::CancellationToken;
use warehouse::{Warehouse, WarehouseError};

use crate::{Dependencies, repair::horizon};

/// How often expired data is deleted.
const PERIOD: Duration = Duration::from_secs(3_600);

/// How long the ledger retains completed batches: as long as the log retains their records.
pub(crate) const BATCHES_RETAINED: TimeDelta = TimeDelta::days(7);

/// Deletes what is past its retention: completed batches in the ledger, and tenants' rows and
/// rejects. Several processes may do so at the same time.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let platform = dependencies.platform();
    let Dependencies { control_plane, warehouse, .. } = &dependencies;
    let mut rounds = every(PERIOD, token, "delete what is past its retention");
    while rounds.begin().await {
        rounds.run(delete_expired(control_plane, warehouse, &platform, Utc::now())).await;
    }
    Ok(())
}

async fn delete_expired(
    control_plane: &ControlPlane,
    warehouse: &Warehouse,
    platform: &PlatformContext,
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    control_plane.ledger().prune(now - BATCHES_RETAINED).await?;
    let platform = control_plane.for_platform(platform);
    for tenant in platform.tenants().await? {
        let horizon = horizon(&tenant, now);
        let record = tenant.record;
        if record.state == TenantState::Erasing {
            continue;
        }
        platform.prune_resubmissions(&record.client_id, horizon).await?;
        match expire(warehouse, &record, horizon).await {
            Ok(true) => {
                tracing::info!(client_id = %record.client_id, %horizon, "old rows are being deleted");
            }
            Ok(false) => {}
            Err(error) => {
                // Another tenant's cluster may be available.
                let error: &dyn Error = &error;
                tracing::warn!(client_id = %record.client_id, error, "could not delete old rows");
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
