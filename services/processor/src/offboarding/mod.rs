//! Erases tenants whose grace period has ended: step by step, one store after another, each step a row in
//! the control plane. A process that is killed leaves the step to the next one, and each step may run again.
//! At the end is a receipt.

mod archive;
mod receipt;
mod steps;

use std::{error::Error, time::Duration};

use lifecycle::{BoxError, every};
use tokio_util::sync::CancellationToken;

use crate::Dependencies;

use steps::Erasure;

/// How often tenants to erase are looked for.
const PERIOD: Duration = Duration::from_secs(10);

/// Erases what is due, one process at a time, until the process stops.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(PERIOD, token, "erase offboarded tenants");
    while rounds.begin().await {
        rounds.run(round(&dependencies)).await;
    }
    Ok(())
}

async fn round(dependencies: &Dependencies) -> Result<(), BoxError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let due = platform.due_offboardings().await?;
    if due.is_empty() {
        return Ok(());
    }
    let ledger = dependencies.control_plane.ledger();
    let Some(mut lease) = ledger.begin_erasure().await? else {
        return Ok(());
    };
    for client_id in due {
        let erasure = Erasure { dependencies, platform: &platform, client_id: &client_id };
        if let Err(error) = lease.during(erasure.proceed()).await? {
            // The stores of another tenant may be available.
            let error: &dyn Error = &error;
            tracing::warn!(%client_id, error, "a tenant could not be erased further, will be repeated");
        }
    }
    Ok(lease.end().await?)
}
