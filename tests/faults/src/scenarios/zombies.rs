//! T3: a member freezes at a step, another takes over, and the first one wakes.

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
    stand::{Stand, keep},
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

/// How long a member may take to come to its step, and another to take over.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(100);
/// Tokens that our tables remember, and that they remember where a zombie is to be late.
const WINDOW: u32 = 100_000;
const SMALL_WINDOW: u32 = 10;
const AUDITED_EVERY: Duration = Duration::from_secs(5);
/// A zombie may hear that its partition is another's before its insert is on its way, and give up.
/// So many more are tried until one is late.
const MORE_ZOMBIES: u64 = 9;

pub(super) async fn run(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("survivor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        freeze(&mut stand, step, random.random_range(1..=6)).await?;
        stand.moving(PATIENCE).await?;
        sleep(Duration::from_millis(random.random_range(0..5_000))).await;
        wake(&mut stand).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// The zombie inserts when the server has long forgotten its token: the audit must find the rows.
pub(super) async fn beyond_the_window(piece: &Piece) -> Result<Outcome, Failure> {
    let often = ("FOOTFALL__PROCESSOR__AUDIT_SECONDS".to_owned(), AUDITED_EVERY.as_secs());
    let settings = BTreeMap::from([(often.0, often.1.to_string())]);
    let mut stand = Stand::prepare(Preparation { settings, ..Preparation::default() }).await?;
    stand.set_windows(SMALL_WINDOW).await?;
    let audited = late_zombies(&mut stand, piece).await;
    // Shared tables outlive this platform.
    stand.set_windows(WINDOW).await?;
    let repairs = audited?;
    if repairs == 0 {
        keep(stand.platform.folder())?;
        return Err(
            "the audit repaired nothing: no zombie was late enough, or none was seen".into()
        );
    }
    // What an open stream has shown of doubled rows it shows until it is opened again.
    stand.watch_anew();
    let mut outcome = Outcome::from(stand.verdict().await?);
    outcome.figures = BTreeMap::from([("rows repaired by the audit".to_owned(), repairs as f64)]);
    Ok(outcome)
}

/// Returns how many rows the audit put right.
async fn late_zombies(stand: &mut Stand, piece: &Piece) -> Result<u64, Failure> {
    let mut random = piece.random();
    stand.start_processor("survivor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    let mut repairs = 0;
    for zombie in 0..piece.tries + MORE_ZOMBIES {
        if zombie >= piece.tries && repairs > 0 {
            break;
        }
        freeze(stand, Step::StoreBefore, random.random_range(1..=6)).await?;
        stand.moving(PATIENCE).await?;
        // Each batch is an insert for each of the tables it goes to.
        sleep(Duration::from_secs(10)).await;
        wake(stand).await?;
        sleep(3 * AUDITED_EVERY).await;
        repairs = stand.counter("survivor", Counter::AuditRepairs).await;
    }
    load.stop().await?;
    Ok(repairs)
}

/// Starts a member that freezes at a step, and waits until it has.
async fn freeze(stand: &mut Stand, step: Step, times: u32) -> Result<(), Failure> {
    let trap = ("FOOTFALL_FAILPOINTS", format!("{}=stop@{times}", step.as_str()));
    stand.start_processor("zombie", [trap]);
    let deadline = Instant::now() + PATIENCE;
    while !stand.member("zombie")?.is_frozen() {
        stand.all_running()?;
        if Instant::now() > deadline {
            return Err(
                format!("the zombie did not come to {} in {PATIENCE:?}", step.as_str()).into()
            );
        }
        sleep(AGAIN).await;
    }
    Ok(())
}

/// Lets the zombie do what it was about to do, and then ends it.
async fn wake(stand: &mut Stand) -> Result<(), Failure> {
    stand.member("zombie")?.thaw();
    sleep(Duration::from_secs(1)).await;
    stand.kill("zombie")
}
