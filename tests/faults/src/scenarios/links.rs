//! Links: every fault of a proxy on every network link.

use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, seq::SliceRandom};
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    detours::{Detours, Link},
};
use crate::{Failure, load::Traffic, proxy::Fault, stand::Stand};

/// How long every sink may take to make progress after a fault.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(180);

pub(super) async fn run(link: Link, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let detours = Detours::start(link).await?;
    let mut stand =
        Stand::prepare_behind_proxy(detours.preparation.clone(), Some(detours.collector.clone()))
            .await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    // Services end when a server is unreachable at start. This scenario tests running services.
    stand.wait_for_progress(RECOVERY_TIMEOUT).await?;
    let mut faults = Vec::new();
    let mut recovery_times = BTreeMap::new();
    for _ in 0..piece.tries {
        if faults.is_empty() {
            faults = Fault::ALL.to_vec();
            faults.shuffle(&mut random);
        }
        let Some(fault) = faults.pop() else { break };
        sleep(Duration::from_millis(random.random_range(500..2_000))).await;
        detours.inject(link, fault);
        sleep(Duration::from_millis(random.random_range(1_000..5_000))).await;
        detours.heal(link);
        stand.check_all_running()?;
        let healed = Instant::now();
        stand
            .wait_for_progress(RECOVERY_TIMEOUT)
            .await
            .map_err(|error| format!("{fault:?}: {error}"))?;
        let took = recovery_times.entry(format!("{}, s", fault.as_str())).or_insert(0.0_f64);
        *took = took.max(healed.elapsed().as_secs_f64());
    }
    load.stop().await?;
    let mut outcome = Outcome::from(stand.verdict().await?);
    outcome.figures = recovery_times;
    Ok(outcome)
}
