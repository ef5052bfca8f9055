//! T17: a long time at most of what the platform can take, with random faults.

use std::{collections::BTreeMap, fs, time::Duration};

use rand::{Rng, seq::IndexedRandom};
use testkit::Preparation;
use tokio::time::{Instant, sleep};

use super::{
    Outcome, Piece,
    kills::{Victim, kill},
};
use crate::{Failure, load::Traffic, stack::Stack, stand::Stand};

/// For so long the shops send as much as they can, to learn how much that is.
const MEASURED: Duration = Duration::from_secs(20);
/// How much of it they send afterwards.
const SHARE: f64 = 0.7;
/// What event ids may take in memory: so little that it is full, and the disk in use, long before half
/// of the time is over.
const RECENT_IDS_MIB: u32 = 64;
/// Services live through it all, so that their memory can be watched.
const VICTIMS: [Victim; 4] = [Victim::Clickhouse, Victim::Redis, Victim::Postgres, Victim::Kafka];
const SERVICES: [&str; 3] = ["collector", "processor", "api"];

pub(super) async fn run(stack: &Stack, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let ids = ("FOOTFALL__PROCESSOR__RECENT_IDS_MEMORY_MIB".to_owned(), RECENT_IDS_MIB.to_string());
    let settings = BTreeMap::from([ids]);
    let mut stand = Stand::prepare(Preparation { settings, ..Preparation::default() }).await?;
    stand.start_processor("processor", []);
    let most = Traffic { pace: 0.0, resent: 0.1, parallel: 0.02, ..Traffic::default() };
    let load = stand.load(most, piece.seed());
    sleep(MEASURED).await;
    load.stop().await?;
    let capacity = stand.journal.answers().posts as f64 / MEASURED.as_secs_f64();

    let pace = capacity * SHARE / (1.0 + most.resent + most.parallel) / f64::from(most.shops);
    let load = stand.load(Traffic { pace, ..most }, piece.seed().wrapping_add(1));
    let (began, long) = (Instant::now(), Duration::from_secs(piece.tries));
    let mut figures = BTreeMap::from([("requests/s at most".to_owned(), capacity)]);
    let mut faults = 0.0;
    while began.elapsed() < long {
        sleep(Duration::from_secs(random.random_range(10..40))).await;
        let victim = *VICTIMS.choose(&mut random).ok_or("there are victims")?;
        kill(stack, &mut stand, victim, &mut random).await?;
        faults += 1.0;
        stand.all_running()?;
        let when = if began.elapsed() < long / 2 { "half way" } else { "at the end" };
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

/// Memory of a process, in MiB.
fn resident(process: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: f64 =
        line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?.parse()?;
    Ok(kibibytes / 1_024.0)
}
