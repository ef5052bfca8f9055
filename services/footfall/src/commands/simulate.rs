use std::{
    cell::{Cell, RefCell},
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::mpsc, time::MissedTickBehavior};

use crate::{
    cli::Simulate,
    delivery::{self, Batch, Batches, Collector, IN_FLIGHT, Pace, Tally},
    exit::Failure,
    output::{self, Progress},
    simulate::{Curve, ShopFile, Traffic},
};

/// How often new events are sent.
const TICK: Duration = Duration::from_millis(100);

/// About how many past events are generated at a time.
const EVENTS_PER_STEP: f64 = 5_000.0;

/// Sends simulated traffic: past events at once, later ones in real time, until its end or Ctrl-C.
pub(crate) async fn run(arguments: Simulate) -> Result<(), Failure> {
    let Simulate { rate, target, seed, from, to, duration, shop, campaigns, flat } = arguments;
    let from = from.unwrap_or_else(Utc::now);
    let to = duration.map(|seconds| from + TimeDelta::seconds(seconds.into())).or(to);
    if to.is_some_and(|to| to <= from) {
        return Err(Failure::Usage("--to must be later than --from".to_owned()));
    }
    let mut shop = open(shop.as_deref())?;
    if !campaigns.is_empty() {
        shop = shop.with_campaigns(&campaigns);
    }
    let collector = Collector::new(target)?;
    let curve = if flat { Curve::Flat } else { Curve::Calendar };
    let traffic = Traffic::new(seed, rate, curve, shop, from);
    let seconds = |time: DateTime<Utc>| (time - from).num_seconds().max(0).cast_unsigned();
    let progress = to.map_or_else(Progress::endless, |to| Progress::of_seconds(seconds(to)));

    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let reached = Cell::new(from);
    let step = TimeDelta::milliseconds((EVENTS_PER_STEP / rate * 1_000.0) as i64);
    let generating = generate(traffic, step, &reached, to, sender);
    let began = Instant::now();
    let last = RefCell::new(Tally::default());
    let report = |tally: &Tally, trouble: Option<String>| {
        let each_second = tally.answered() as f64 / began.elapsed().as_secs_f64().max(0.001);
        let Tally { accepted, rejected, .. } = tally;
        let message = format!("{each_second:.0}/s, accepted {accepted}, rejected {rejected}");
        progress.update(seconds(reached.get()), message, trouble);
        last.replace(tally.clone());
    };
    let sending = delivery::send(&collector, receiver, Pace::new(None), report);
    let (tally, ended) = tokio::select! {
        ((), sent) = async { tokio::join!(generating, sending) } => (sent?, true),
        // Requests in flight are not awaited: they may never be answered.
        _ = tokio::signal::ctrl_c() => (last.take(), to.is_none()),
    };
    progress.finish();
    output::line(&tally.to_string());
    if !ended {
        return Err(Failure::Other("stopped before the end".to_owned()));
    }
    match tally.rejected {
        0 => Ok(()),
        rejected => Err(Failure::Rejected(format!("{rejected} events were rejected"))),
    }
}

fn open(shop: Option<&Path>) -> Result<ShopFile, Failure> {
    let Some(path) = shop else {
        return ShopFile::fashion().map_err(Failure::other);
    };
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::Usage(format!("{}: {}", path.display(), error.to_string().trim_end()))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    ShopFile::read(&text).map_err(|error| wrong(&error))
}

/// Generates the traffic. When the collector is slow, events wait here and keep their times.
async fn generate(
    mut traffic: Traffic,
    step: TimeDelta,
    reached: &Cell<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    sender: mpsc::Sender<Batch>,
) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batches = Batches::of_at_most(usize::MAX);
    while to.is_none_or(|to| reached.get() < to) {
        let now = Utc::now();
        let until = to.map_or(now, |to| to.min(now));
        let next = until.min(reached.get() + step);
        for event in traffic.until(next) {
            batches.add(event.line());
        }
        reached.set(next);
        // Past events are sent in full batches only.
        let due = |batches: &mut Batches| match next == until {
            true => batches.next_any(),
            false => batches.next_full(),
        };
        while let Some(batch) = due(&mut batches) {
            if sender.send(batch).await.is_err() {
                return;
            }
        }
        if next == now {
            ticks.tick().await;
        }
    }
}
