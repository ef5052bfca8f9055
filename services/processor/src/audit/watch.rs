use std::{error::Error, time::Duration};

use chrono::{TimeDelta, Utc};
use lifecycle::BoxError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Auditor, auditor::Depth};
use crate::ProcessorError;

/// What is done lately is looked at each time…
const LATELY: TimeDelta = TimeDelta::minutes(15);

/// …and once in a while what a zombie may have written late.
const WIDELY: TimeDelta = TimeDelta::hours(24);

/// How many near looks there are for each wide one.
const NEAR_FOR_EACH_WIDE: u32 = 60;

/// Audits every so often, whenever no other process has done so, until the process is to stop.
pub(crate) async fn watch(
    mut auditor: Auditor,
    every: Duration,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        let looked = tokio::select! {
            () = token.cancelled() => return Ok(()),
            looked = look(&mut auditor, every) => looked,
        };
        if let (Err(error), false) = (&looked, failing) {
            let error: &dyn Error = error;
            tracing::warn!(error, "the audit was broken off and is tried again");
        }
        failing = looked.is_err();
    }
}

async fn look(auditor: &mut Auditor, every: Duration) -> Result<(), ProcessorError> {
    let Some(mut turn) = auditor.ledger().begin_audit().await? else { return Ok(()) };
    // A little less, or clocks that tick a little apart leave out every second look.
    let due = every.mul_f64(0.9);
    let back = if turn.is_due("wide", due * NEAR_FOR_EACH_WIDE).await? {
        Some(WIDELY)
    } else {
        turn.is_due("near", due).await?.then_some(LATELY)
    };
    if let Some(back) = back {
        let now = Utc::now();
        auditor.look(now - back..now, Depth::Counts, &mut |_| {}).await?;
    }
    Ok(turn.end().await?)
}
