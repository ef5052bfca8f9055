//! Moves tenants between tiers and clusters while events arrive and people read: step by step, each step a row in the
//! control plane. A process that is killed leaves the step to the next one, and each step may run again.

mod comparison;
mod mover;
mod pass;
mod places;

use std::{error::Error, time::Duration};

use chrono::Utc;
use lifecycle::{BoxError, every};
use telemetry::Age;
use tokio_util::sync::CancellationToken;

use crate::Dependencies;

use mover::Mover;

/// How often moves are looked for and continued.
const PERIOD: Duration = Duration::from_secs(1);

/// Continues what is under way, one process at a time, until the process stops.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(PERIOD, token, "move tenants");
    while rounds.begin().await {
        rounds.run(round(&dependencies)).await;
    }
    Ok(())
}

async fn round(dependencies: &Dependencies) -> Result<(), BoxError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let moves = platform.moves_under_way().await?;
    let oldest = moves.first().and_then(|oldest| (Utc::now() - oldest.begun_at).to_std().ok());
    Age::OldestUnfinished.set(&["move"], oldest.unwrap_or_default());
    if moves.is_empty() {
        return Ok(());
    }
    let ledger = dependencies.control_plane.ledger();
    let Some(mut lease) = ledger.begin_moving().await? else {
        return Ok(());
    };
    for tenant_move in moves {
        let client_id = tenant_move.client_id.clone();
        let mover = Mover::new(dependencies, &platform, tenant_move);
        if let Err(error) = lease.during(mover.proceed()).await? {
            // The clusters of another tenant may be available.
            let error: &dyn Error = &error;
            tracing::warn!(%client_id, error, "a tenant could not be moved further, will be repeated");
        }
    }
    Ok(lease.end().await?)
}
