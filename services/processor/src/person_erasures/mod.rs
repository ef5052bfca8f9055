//! Erases persons: step by step, one store after another, each step a row in the control plane. A process that is
//! killed leaves the step to the next one, and each step may run again. At the end is a receipt.
//!
//! Once an erasure is asked for, no sink applies an earlier event of the person any more. So the first step waits
//! until what was applied before that is in the stores, and nothing restores what the steps erase.

mod archive;
mod check;
mod find;
mod receipt;
mod register;
mod steps;

use std::{error::Error, time::Duration};

use control_plane::{PersonEraseStep, PersonErasure};
use lifecycle::{BoxError, every};
use telemetry::Age;
use tokio_util::sync::CancellationToken;

pub use find::{PersonRemains, PersonSearchError, erase_persons_again, find_persons};
pub use register::{RewrappedRegister, count_register_keys, rewrap_register};

use crate::Dependencies;
use steps::{Erasing, SETTLES};

/// How often erasures to do are looked for. Another rhythm than that of offboarding, which needs the same lease.
const PERIOD: Duration = Duration::from_secs(7);

/// After how many rounds it is asked again whether the daily check is due.
const CHECK_ROUNDS: u32 = 120;

/// Erases what is asked for, one process at a time, until the process stops.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let erasing = Erasing { dependencies: &dependencies, platform: &platform };
    let mut rounds = every(PERIOD, token, "erase persons");
    let mut until_check = 0;
    while rounds.begin().await {
        rounds.run(round(&erasing, &mut until_check)).await;
    }
    Ok(())
}

async fn round(erasing: &Erasing<'_>, until_check: &mut u32) -> Result<(), BoxError> {
    let Erasing { dependencies, platform } = erasing;
    Age::OldestUnfinished.set(&["person_erasure"], platform.oldest_person_erasure().await?);
    if let Some(fewer) = until_check.checked_sub(1) {
        *until_check = fewer;
    } else {
        // Also after a check that fails: it must not keep each round from the erasures.
        *until_check = CHECK_ROUNDS;
        if !check::run_if_due(erasing).await? {
            *until_check = 0;
        }
    }
    if platform.unfinished_person_erasures(SETTLES).await?.is_empty() {
        return Ok(());
    }
    let ledger = dependencies.control_plane.ledger();
    let Some(mut lease) = ledger.begin_erasure().await? else {
        return Ok(());
    };
    lease.during(proceed(erasing)).await??;
    Ok(lease.end().await?)
}

/// Proceeds with every erasure as far as possible.
async fn proceed(erasing: &Erasing<'_>) -> Result<(), BoxError> {
    for erasure in erasing.platform.unfinished_person_erasures(SETTLES).await? {
        if let Err(error) = erasing.proceed(&erasure).await {
            warn(&erasure, &error);
        }
    }
    // All that wait for the archive share one reading of its objects.
    let erasures = erasing.platform.unfinished_person_erasures(SETTLES).await?;
    let waiting: Vec<_> = erasures
        .iter()
        .filter(|erasure| erasure.finished_at(PersonEraseStep::Postgres).is_some())
        .filter(|erasure| erasure.finished_at(PersonEraseStep::Archive).is_none())
        .collect();
    if !waiting.is_empty()
        && let Err(error) = archive::erase(erasing, &waiting).await
    {
        let error: &dyn Error = &error;
        tracing::warn!(error, "persons could not be erased in the archive, will be repeated");
    }
    for erasure in erasing.platform.unfinished_person_erasures(SETTLES).await? {
        if let Err(error) = erasing.conclude(&erasure).await {
            warn(&erasure, &error);
        }
    }
    Ok(())
}

/// Logs that an erasure is left to the next round: the stores of another tenant may be available.
fn warn(erasure: &PersonErasure, error: &(dyn Error + 'static)) {
    let PersonErasure { client_id, erasure_id, .. } = erasure;
    tracing::warn!(%client_id, %erasure_id, error, "persons could not be erased further, will be repeated");
}
