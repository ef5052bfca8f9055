//! Soak: a long run at 70 % of the platform's capacity, with random kills.

use std::{collections::BTreeMap, fs, time::Duration};

use rand::{Rng, seq::IndexedRandom};
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    kills::{Victim, kill},
};
use crate::{Failure, load::Traffic, stack::Stack, stand::Stand};

/// How long the shops send without a limit, to measure the capacity.
const CALIBRATION: Duration = Duration::from_secs(20);
/// The share of the capacity that they send afterwards.
const SHARE: f64 = 0.7;
/// Memory for recent ids: so little that it is full, and the disk in use, long before half of the
/// time has passed.
const RECENT_IDS_MIB: u32 = 64;
/// Only servers are killed, so that the memory of the services can be measured over the whole run.
const VICTIMS: [Victim; 4] = [Victim::Clickhouse, Victim::Redis, Victim::Postgres, Victim::Kafka];
const SERVICES: [&str; 3] = ["collector", "processor", "api"];

pub(super) async fn run(stack: &Stack, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let ids = ("FOOTFALL__PROCESSOR__RECENT_IDS_MEMORY_MIB".to_owned(), RECENT_IDS_MIB.to_string());
    let settings = BTreeMap::from([ids]);
    let mut stand = Stand::prepare(Preparation { settings, ..Preparation::default() }).await?;
    stand.start_processor("processor", []);
    let unlimited = Traffic { pace: 0.0, resent: 0.1, parallel: 0.02, ..Traffic::default() };
    let load = stand.load(unlimited, piece.seed());
    sleep(CALIBRATION).await;
    load.stop().await?;
    let capacity = stand.journal.answers().posts as f64 / CALIBRATION.as_secs_f64();

    let pace = capacity * SHARE
        / (1.0 + unlimited.resent + unlimited.parallel)
        / f64::from(unlimited.shops);
    let load = stand.load(Traffic { pace, ..unlimited }, piece.seed().wrapping_add(1));
    let began = Instant::now();
    let duration = Duration::from_secs(piece.tries);
    let mut figures = BTreeMap::from([("capacity, requests/s".to_owned(), capacity)]);
    let mut faults = 0.0;
    while began.elapsed() < duration {
        sleep(Duration::from_secs(random.random_range(10..40))).await;
        let victim = *VICTIMS.choose(&mut random).ok_or("there are victims")?;
        kill(stack, &mut stand, victim, &mut random).await?;
        faults += 1.0;
        stand.check_all_running()?;
        let when = if began.elapsed() < duration / 2 { "half way" } else { "at the end" };
        for service in SERVICES {
            let memory = resident(stand.member(service)?.id())?;
            figures.insert(format!("{service} {when}, MiB"), memory);
        }
    }
    figures.insert("kills".to_owned(), faults);
    load.stop().await?;
    let mut outcome = Outcome::from(stand.verdict().await?);
    outcome.figures = figures;
    Ok(outcome)
}

/// Returns the resident memory of a process, in MiB.
fn resident(process: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: f64 =
        line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?.parse()?;
    Ok(kibibytes / 1_024.0)
}
