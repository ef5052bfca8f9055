use std::{error::Error, time::Duration};

use chrono::{TimeDelta, Utc};
use lifecycle::BoxError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Auditor, auditor::Depth};
use crate::{ProcessorError, upkeep::BATCHES_KEPT};

/// What is looked at every so often.
struct Look {
    name: &'static str,
    /// The time from then until now in which it was stored.
    back: TimeDelta,
    /// For how many near looks there is one.
    every: u32,
    depth: Depth,
}

/// The nearest come first, so that none waits for a farther one.
const LOOKS: [Look; 3] = [
    Look { name: "near", back: TimeDelta::minutes(15), every: 1, depth: Depth::Counts },
    // What a zombie may have written late.
    Look { name: "wide", back: TimeDelta::hours(24), every: 60, depth: Depth::Objects },
    // What servers may have lost: all that the ledger remembers.
    Look { name: "far", back: BATCHES_KEPT, every: 24 * 60, depth: Depth::Objects },
];

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
    // A little less, or clocks that tick a little apart leave out every second look.
    let near = every.mul_f64(0.9);
    for Look { name, back, every, depth } in LOOKS {
        // A turn for each: one that fails does not undo those before it.
        let Some(mut turn) = auditor.ledger().begin_audit().await? else { return Ok(()) };
        if turn.is_due(name, near * every).await? {
            let now = Utc::now();
            turn.during(auditor.look(now - back..now, depth, &mut |_| {})).await??;
        }
        turn.end().await?;
    }
    Ok(())
}
