use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::{sync::mpsc, time::MissedTickBehavior};

use crate::{
    cli::Simulate,
    delivery::{self, Batch, Batches, Collector, IN_FLIGHT, Pace, Tally},
    exit::Failure,
    output::{self, Progress},
    simulate::{Curve, Traffic},
};

/// How often what has happened is sent.
const TICK: Duration = Duration::from_millis(100);

/// Sends made-up traffic as it happens, until the time is over or Ctrl-C.
pub(crate) async fn run(arguments: Simulate) -> Result<(), Failure> {
    let Simulate { rate, target, seed, duration, campaigns, flat } = arguments;
    let collector = Collector::new(target)?;
    let curve = if flat { Curve::Flat } else { Curve::Day };
    let traffic = Traffic::new(seed, f64::from(rate), curve, &campaigns, Utc::now());
    let progress = duration.map_or_else(Progress::endless, Progress::of_seconds);

    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let happening = happen(traffic, duration.map(Duration::from_secs), sender);
    let (began, last) = (Instant::now(), RefCell::new(Tally::default()));
    let tell = |tally: &Tally, trouble: Option<String>| {
        let elapsed = began.elapsed();
        let each_second = tally.answered() as f64 / elapsed.as_secs_f64().max(0.001);
        let Tally { accepted, rejected, .. } = tally;
        let message = format!("{each_second:.0}/s, accepted {accepted}, rejected {rejected}");
        progress.update(elapsed.as_secs(), message, trouble);
        last.replace(tally.clone());
    };
    let sending = delivery::send(&collector, receiver, Pace::new(None), tell);
    let tally = tokio::select! {
        ((), sent) = async { tokio::join!(happening, sending) } => sent?,
        // What is under way is not waited for: it may never be answered.
        _ = tokio::signal::ctrl_c() => last.take(),
    };
    progress.finish();
    output::line(&tally.to_string());
    match tally.rejected {
        0 => Ok(()),
        rejected => Err(Failure::Rejected(format!("{rejected} events were rejected"))),
    }
}

/// Lets the traffic happen. When the collector is slow, events wait here and keep their times.
async fn happen(mut traffic: Traffic, duration: Option<Duration>, sender: mpsc::Sender<Batch>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = duration.map(|duration| Instant::now() + duration);
    while end.is_none_or(|end| Instant::now() < end) {
        ticks.tick().await;
        let mut batches = Batches::of_at_most(usize::MAX);
        for event in traffic.until(Utc::now()) {
            batches.add(event.line());
        }
        while let Some(batch) = batches.next_any() {
            if sender.send(batch).await.is_err() {
                return;
            }
        }
    }
}
