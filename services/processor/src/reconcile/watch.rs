use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lifecycle::{BoxError, every};
use telemetry::{Counter, Gauge};
use tokio_util::sync::CancellationToken;

use super::{ReconcileReport, Reconciler, reconciler::Depth};
use crate::{ProcessorError, upkeep::BATCHES_RETAINED};

/// A comparison that is repeated.
struct Check {
    /// Its name in the ledger.
    name: &'static str,
    /// It compares what was stored from this long ago until now.
    back: TimeDelta,
    /// It runs once in this many periods.
    periods: u32,
    depth: Depth,
}

/// The nearest comes first, so that it does not wait for a farther one.
const CHECKS: [Check; 3] = [
    Check { name: "near", back: TimeDelta::minutes(15), periods: 1, depth: Depth::Counts },
    // What a zombie may have written late.
    Check { name: "wide", back: TimeDelta::hours(24), periods: 60, depth: Depth::Objects },
    // What servers may have lost: everything that the ledger retains.
    Check { name: "far", back: BATCHES_RETAINED, periods: 24 * 60, depth: Depth::Objects },
];

/// Reconciles every `period`, unless another process has done so, until the process stops.
pub(crate) async fn watch(
    mut reconciler: Reconciler,
    period: Duration,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(period, token, "reconcile the ledger with tables and archive");
    while rounds.begin().await {
        rounds.run(run_due_checks(&mut reconciler, period)).await;
    }
    Ok(())
}

async fn run_due_checks(reconciler: &mut Reconciler, period: Duration) -> Result<(), BoxError> {
    // A little less than the period: clocks that differ slightly would leave out every second check.
    let nearly = period.mul_f64(0.9);
    for Check { name, back, periods, depth } in CHECKS {
        // A lease for each check: one that fails does not undo those before it.
        let Some(mut lease) = reconciler.ledger().begin_reconciliation().await? else {
            return Ok(());
        };
        if lease.is_due(name, nearly * periods).await? {
            let now = Utc::now();
            let mut unobserved = |_| {};
            let run = reconciler.run(now - back..now, depth, &mut unobserved);
            note(name, lease.during(run).await?)?;
        }
        lease.end().await?;
    }
    Ok(())
}

/// Counts a check that ran, and notes when one was complete.
fn note(
    name: &'static str,
    done: Result<ReconcileReport, ProcessorError>,
) -> Result<ReconcileReport, ProcessorError> {
    let outcome = if done.is_ok() { "done" } else { "failed" };
    Counter::Reconciliations.inc(&[name, outcome]);
    if done.is_ok() {
        Gauge::ReconcileLastSuccess.set(&[name], Utc::now().timestamp());
    }
    done
}
