//! Zombies: a member freezes at a step, another takes over, and the first one wakes.

use std::{collections::BTreeMap, time::Duration};

use failpoints::Step;
use rand::Rng;
use telemetry::Counter;
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{Outcome, Piece};
use crate::{
    Failure,
    load::Traffic,
    stand::{Stand, keep_files},
};

/// The steps at which a member freezes.
pub(super) const STEPS: [Step; 6] = [
    Step::Plan,
    Step::StoreBefore,
    Step::StoreAfter,
    Step::LiveBefore,
    Step::LiveAfter,
    Step::Mark,
];

/// How long a member may take to reach its step, and another to take over.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The window of deduplication tokens of the tables, and the small one for late zombies.
const WINDOW: u32 = 100_000;
const SMALL_WINDOW: u32 = 10;
const RECONCILIATION_INTERVAL: Duration = Duration::from_secs(5);
/// A zombie may notice the lost lease before it sends its insert, and give up. This number of further
/// zombies is tried until one inserts late.
const EXTRA_ZOMBIES: u64 = 9;

pub(super) async fn run(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("survivor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        freeze(&mut stand, step, random.random_range(1..=6)).await?;
        stand.wait_for_progress(STEP_TIMEOUT).await?;
        sleep(Duration::from_millis(random.random_range(0..5_000))).await;
        wake(&mut stand).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// The zombie inserts after the server has dropped its token: reconciliation must find the rows.
pub(super) async fn beyond_the_window(piece: &Piece) -> Result<Outcome, Failure> {
    let interval =
        ("FOOTFALL__PROCESSOR__RECONCILE_SECONDS".to_owned(), RECONCILIATION_INTERVAL.as_secs());
    let settings = BTreeMap::from([(interval.0, interval.1.to_string())]);
    let mut stand = Stand::prepare(Preparation { settings, ..Preparation::default() }).await?;
    stand.set_windows(SMALL_WINDOW).await?;
    let repairs = late_zombies(&mut stand, piece).await;
    // Other platforms use the shared tables afterwards.
    stand.set_windows(WINDOW).await?;
    let repairs = repairs?;
    if repairs == 0 {
        keep_files(stand.platform.folder())?;
        return Err(
            "reconciliation repaired nothing: no zombie was late enough, or none was noticed"
                .into(),
        );
    }
    // An open stream shows counts with doubled rows until it is opened again.
    stand.reopen_streams();
    let mut outcome = Outcome::from(stand.verdict().await?);
    outcome.figures =
        BTreeMap::from([("rows repaired by reconciliation".to_owned(), repairs as f64)]);
    Ok(outcome)
}

/// Returns how many rows reconciliation repaired.
async fn late_zombies(stand: &mut Stand, piece: &Piece) -> Result<u64, Failure> {
    let mut random = piece.random();
    stand.start_processor("survivor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    let mut repairs = 0;
    for zombie in 0..piece.tries + EXTRA_ZOMBIES {
        if zombie >= piece.tries && repairs > 0 {
            break;
        }
        freeze(stand, Step::StoreBefore, random.random_range(1..=6)).await?;
        stand.wait_for_progress(STEP_TIMEOUT).await?;
        // Each batch is one insert for each of its tables.
        sleep(Duration::from_secs(10)).await;
        wake(stand).await?;
        sleep(3 * RECONCILIATION_INTERVAL).await;
        repairs = stand.counter("survivor", Counter::ReconcileRepairs).await;
    }
    load.stop().await?;
    Ok(repairs)
}

/// Starts a member that freezes at a step, and waits until it is frozen.
async fn freeze(stand: &mut Stand, step: Step, times: u32) -> Result<(), Failure> {
    let failpoint = ("FOOTFALL_FAILPOINTS", format!("{}=stop@{times}", step.as_str()));
    stand.start_processor("zombie", [failpoint]);
    let deadline = Instant::now() + STEP_TIMEOUT;
    while !stand.member("zombie")?.is_frozen() {
        stand.check_all_running()?;
        if Instant::now() > deadline {
            return Err(
                format!("the zombie did not reach {} in {STEP_TIMEOUT:?}", step.as_str()).into()
            );
        }
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// Wakes the zombie, lets it run for a second, and kills it.
async fn wake(stand: &mut Stand) -> Result<(), Failure> {
    stand.member("zombie")?.thaw();
    sleep(Duration::from_secs(1)).await;
    stand.kill("zombie")
}
