//! T1: the process aborts at a named step of the protocol.

use std::{os::unix::process::ExitStatusExt, time::Duration};

use failpoints::Step;
use rand::Rng;
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    links::{detour_to_kafka, impatient},
};
use crate::{
    Failure,
    load::Traffic,
    proxy::{Fault, Proxy},
    stand::Stand,
};

/// How long a process may take to come to a step.
const REACHED: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(20);
const ABORTED: i32 = 6;

pub(super) async fn run(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    if is_in_collector(step) {
        in_collector(step, piece).await
    } else {
        in_processor(step, piece).await
    }
}

/// Whose step it is: the collector's, or the processor's.
pub(super) const fn is_in_collector(step: Step) -> bool {
    matches!(step, Step::SpoolAppend | Step::SpoolFsync | Step::SpoolDrain | Step::SpoolDelete)
}

async fn in_processor(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        let trap = trap(step, random.random_range(1..=6));
        stand.start_processor("processor", [trap]);
        aborted(&mut stand, "processor", step).await?;
    }
    stand.start_processor("processor", []);
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// The spool works while Kafka is away, and drains when it is back.
async fn in_collector(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let (kafka, brokers) = detour_to_kafka().await?;
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let through = || impatient(brokers.clone()).into_iter();
    restart(&mut stand, through())?;
    stand.ready().await?;
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        match step {
            // What there is to drain may be a single segment, and must be something new.
            Step::SpoolDrain | Step::SpoolDelete => {
                stand.drained().await?;
                spool_something(&mut stand, &kafka).await?;
                restart(&mut stand, through().chain([trap(step, 1)]))?;
                kafka.heal();
            }
            _ => {
                kafka.inject(Fault::Cut);
                let trap = trap(step, random.random_range(1..=3));
                restart(&mut stand, through().chain([trap]))?;
            }
        }
        aborted(&mut stand, "collector", step).await?;
        kafka.heal();
        stand.start("collector", &["collector"], through());
        stand.ready().await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

fn restart<'a>(
    stand: &mut Stand,
    more: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<(), Failure> {
    stand.kill("collector")?;
    stand.start("collector", &["collector"], more);
    Ok(())
}

/// Takes Kafka away and waits until the collector has spooled something.
pub(super) async fn spool_something(stand: &mut Stand, kafka: &Proxy) -> Result<(), Failure> {
    kafka.inject(Fault::Cut);
    let deadline = Instant::now() + REACHED;
    while stand.spooled().await.unwrap_or(0) == 0 {
        if Instant::now() > deadline {
            return Err("kafka is away and the collector spools nothing".into());
        }
        sleep(AGAIN).await;
    }
    Ok(())
}

fn trap(step: Step, times: u32) -> (&'static str, String) {
    ("FOOTFALL_FAILPOINTS", format!("{}=abort@{times}", step.as_str()))
}

/// Waits until a member has aborted. A step that it never reaches proves nothing, and fails.
async fn aborted(stand: &mut Stand, name: &str, step: Step) -> Result<(), Failure> {
    let deadline = Instant::now() + REACHED;
    loop {
        let member = stand.member(name)?;
        if let Some(status) = member.exited() {
            return if status.signal() == Some(ABORTED) {
                Ok(())
            } else {
                Err(format!("{name} ended ({status}):\n{}", member.last_lines()).into())
            };
        }
        if Instant::now() > deadline {
            let step = step.as_str();
            return Err(format!("{name} did not come to {step} in {REACHED:?}").into());
        }
        sleep(AGAIN).await;
    }
}
