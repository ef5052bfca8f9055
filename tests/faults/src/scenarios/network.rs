//! T5: every fault of a proxy on every link.

use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, seq::SliceRandom};
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    links::{Link, Links},
};
use crate::{Failure, load::Traffic, proxy::Fault, stand::Stand};

/// How long it may take until everything moves again after a fault.
const MOVING: Duration = Duration::from_secs(180);

pub(super) async fn run(link: Link, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let links = Links::lay(link).await?;
    let mut stand =
        Stand::prepare_behind(links.preparation.clone(), Some(links.collector.clone())).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    // A service that cannot reach what it needs when it starts ends: that is not the question here.
    stand.moving(MOVING).await?;
    let (mut faults, mut stood_still) = (Vec::new(), BTreeMap::new());
    for _ in 0..piece.tries {
        if faults.is_empty() {
            faults = Fault::ALL.to_vec();
            faults.shuffle(&mut random);
        }
        let Some(fault) = faults.pop() else { break };
        sleep(Duration::from_millis(random.random_range(500..2_000))).await;
        links.inject(link, fault);
        sleep(Duration::from_millis(random.random_range(1_000..5_000))).await;
        links.heal(link);
        stand.all_running()?;
        let healed = Instant::now();
        stand.moving(MOVING).await.map_err(|error| format!("{fault:?}: {error}"))?;
        let took = stood_still.entry(format!("{}, s", fault.as_str())).or_insert(0.0_f64);
        *took = took.max(healed.elapsed().as_secs_f64());
    }
    load.stop().await?;
    let mut outcome = Outcome::from(stand.verdict().await?);
    outcome.figures = stood_still;
    Ok(outcome)
}
