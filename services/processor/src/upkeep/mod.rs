mod kept_rollups;

use std::{collections::BTreeSet, error::Error, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{PlatformControl, TenantDetail};
use lifecycle::{BoxError, every};
use tenancy::TenantState;
use tokio_util::sync::CancellationToken;

use self::kept_rollups::keep_rollups;
use crate::{
    Dependencies, ProcessorError,
    horizon::{horizon, keeps_rollups, rollup_horizon},
};

/// How often expired data is deleted.
const PERIOD: Duration = Duration::from_secs(3_600);

/// How long the ledger retains completed batches: as long as the log retains their records.
pub(crate) const BATCHES_RETAINED: TimeDelta = TimeDelta::days(7);

/// Deletes what is past its retention: completed batches in the ledger, and tenants' rows, rejects and rollups.
/// Keeps the rollups of rows before it deletes them. Several processes may do so at the same time.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(PERIOD, token, "delete what is past its retention");
    while rounds.begin().await {
        rounds.run(delete_expired(&dependencies, Utc::now())).await;
    }
    Ok(())
}

async fn delete_expired(dependencies: &Dependencies, now: DateTime<Utc>) -> Result<(), BoxError> {
    let control_plane = &dependencies.control_plane;
    control_plane.ledger().prune(now - BATCHES_RETAINED).await?;
    let platform = control_plane.for_platform(&dependencies.platform());
    let moves = platform.moves_under_way().await?;
    let moving: BTreeSet<_> = moves.into_iter().map(|tenant_move| tenant_move.client_id).collect();
    for tenant in platform.tenants().await? {
        let client_id = &tenant.record.client_id;
        if tenant.record.state == TenantState::Erasing {
            continue;
        }
        platform.prune_resubmissions(client_id, horizon(&tenant, now)).await?;
        if moving.contains(client_id) {
            // Both sides are compared. Nothing of it expires before the move has ended.
            continue;
        }
        if let Err(error) = expire(dependencies, &platform, &tenant, now).await {
            // Another tenant's cluster may be available.
            let error: &dyn Error = &error;
            tracing::warn!(%client_id, error, "could not delete old rows");
        }
    }
    Ok(())
}

async fn expire(
    dependencies: &Dependencies,
    platform: &PlatformControl,
    tenant: &TenantDetail,
    now: DateTime<Utc>,
) -> Result<(), ProcessorError> {
    let client_id = &tenant.record.client_id;
    let destination = &tenant.record.placement.destination(client_id);
    let warehouse = &dependencies.warehouse;
    let expired = horizon(tenant, now);
    let expired_rollups = rollup_horizon(tenant, now);
    let (rows, rollups) = match keeps_rollups(tenant) {
        true => (keep_rollups(dependencies, platform, tenant, expired).await?, expired_rollups),
        false => (expired, expired),
    };
    // Before they are gone: from then on nothing restores them, and reports tell that they are not there.
    platform.note_expired(client_id, rows, rollups).await?;
    let deletes_rows = warehouse.expire(destination, client_id, rows).await?;
    // Rollups never expire before their rows: a day without them would be read from neither.
    let months = expired_rollups.min(rows);
    let deletes_rollups = warehouse.expire_kept_rollups(destination, client_id, months).await?;
    if deletes_rows || deletes_rollups {
        tracing::info!(%client_id, horizon = %rows, "old rows are being deleted");
    }
    Ok(())
}
