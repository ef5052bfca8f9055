//! Aborts: a process aborts at a named step of the protocol.

use std::{os::unix::process::ExitStatusExt, time::Duration};

use failpoints::Step;
use rand::Rng;
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    detours::{collector_settings, detour_to_kafka},
};
use crate::{
    Failure,
    load::Traffic,
    proxy::{Fault, Proxy},
    stand::Stand,
};

/// How long a process may take to reach a step.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const ABORTED: i32 = 6;

pub(super) async fn run(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    if is_in_collector(step) {
        in_collector(step, piece).await
    } else {
        in_processor(step, piece).await
    }
}

/// Returns whether the step is in the collector; otherwise it is in the processor.
pub(super) const fn is_in_collector(step: Step) -> bool {
    matches!(step, Step::SpoolAppend | Step::SpoolFsync | Step::SpoolDrain | Step::SpoolDelete)
}

async fn in_processor(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        let failpoint = failpoint(step, random.random_range(1..=6));
        stand.start_processor("processor", [failpoint]);
        wait_for_abort(&mut stand, "processor", step).await?;
    }
    stand.start_processor("processor", []);
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// Steps of the spool: it fills while Kafka is unreachable, and drains afterwards.
async fn in_collector(step: Step, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let (kafka, brokers) = detour_to_kafka().await?;
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let proxied = || collector_settings(brokers.clone()).into_iter();
    restart(&mut stand, proxied())?;
    stand.wait_until_ready().await?;
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        match step {
            // The spool may have a single segment, so the first one aborts; it must be new.
            Step::SpoolDrain | Step::SpoolDelete => {
                stand.wait_until_drained().await?;
                cut_kafka_until_spooled(&mut stand, &kafka).await?;
                restart(&mut stand, proxied().chain([failpoint(step, 1)]))?;
                kafka.heal();
            }
            _ => {
                kafka.inject(Fault::Cut);
                let failpoint = failpoint(step, random.random_range(1..=3));
                restart(&mut stand, proxied().chain([failpoint]))?;
            }
        }
        wait_for_abort(&mut stand, "collector", step).await?;
        kafka.heal();
        stand.start("collector", &["collector"], proxied());
        stand.wait_until_ready().await?;
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

/// Cuts the link to Kafka and waits until the collector has spooled something.
pub(super) async fn cut_kafka_until_spooled(
    stand: &mut Stand,
    kafka: &Proxy,
) -> Result<(), Failure> {
    kafka.inject(Fault::Cut);
    let deadline = Instant::now() + STEP_TIMEOUT;
    while stand.spooled_bytes().await.unwrap_or(0) == 0 {
        if Instant::now() > deadline {
            return Err("kafka is unreachable and the collector spools nothing".into());
        }
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

fn failpoint(step: Step, times: u32) -> (&'static str, String) {
    ("FOOTFALL_FAILPOINTS", format!("{}=abort@{times}", step.as_str()))
}

/// Waits until a member has aborted. Fails when the member does not reach the step.
async fn wait_for_abort(stand: &mut Stand, name: &str, step: Step) -> Result<(), Failure> {
    let deadline = Instant::now() + STEP_TIMEOUT;
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
            return Err(format!("{name} did not reach {step} in {STEP_TIMEOUT:?}").into());
        }
        sleep(POLL_INTERVAL).await;
    }
}
