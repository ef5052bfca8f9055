//! Few events: what the servers and `footfall all` cost under the demo's load, and without traffic.

use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use stream::delete_topics;
use testkit::{Platform, Preparation, Process};
use tokio::time::sleep;

use crate::{
    Failure,
    freshness::{Load, WatchedCampaign},
    measure::{Cpu, Meter, Profile, Role, Rounds, Table, progress, resident_bytes, servers},
    options::Common,
    platform::prepared,
    shops::Retailers,
    store::remove_rows,
};

/// Measure few events: CPU and memory under the demo's load and without traffic
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events a second over all tenants
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    tenants: u32,
    /// How long the traffic is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How long the platform is measured without traffic, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    idle_seconds: u64,
    /// Events whose way to a report is timed
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    tries: u32,
}

pub(crate) static TABLE: Table<13> = Table {
    name: "trickle",
    columns: [
        "both ClickHouse and `footfall all`, cores",
        "both ClickHouse, cores",
        "`footfall all`, cores",
        "Kafka, cores",
        "PostgreSQL, cores",
        "Redis, cores",
        "both ClickHouse and `footfall all` without traffic, cores",
        "both ClickHouse without traffic, cores",
        "`footfall all` without traffic, cores",
        "`footfall all`, memory MiB",
        "accept, p95 ms",
        "accept to live stream, p95 ms",
        "accept to REST, p95 ms",
    ],
};

/// How long the traffic or the quiet lasts before it is measured.
const SETTLE: Duration = Duration::from_secs(10);

/// Measures every program once a round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, rate, tenants, seconds, .. } = &options;
    let stated = format!("{rate} events/s of {tenants} tenants, {seconds} s");
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            progress(&format!("round {}: {}", round + 1, program.display()));
            let program = Some(program.to_owned());
            let platform = prepared(Preparation { program, ..Preparation::default() }).await;
            rounds.add(index, measure(&options, &platform).await?);
            delete_topics(&platform.log()).await?;
        }
    }
    rounds.finish()
}

async fn measure(options: &Options, platform: &Platform) -> Result<[f64; 13], Failure> {
    let all = platform.spawn(&["all"]);
    platform.wait_until_up_to_date().await;
    let retailers = Retailers::onboard(platform, options.tenants as usize).await;
    let share = f64::from(options.rate) / f64::from(options.tenants);
    let mut simulators: Vec<_> = retailers
        .tenants()
        .enumerate()
        .map(|(number, tenant)| simulate(platform, &tenant.collect_key, share, number))
        .collect();
    sleep(SETTLE).await;
    let id = all.id();
    let profile = Profile::start(&options.common, "trickle", id)?;
    let traffic = used(id, options.seconds).await;
    profile.map_or(Ok(()), Profile::finish)?;
    simulators.iter_mut().for_each(Process::must_be_running);
    let memory = resident_bytes(id) / f64::from(1 << 20);
    let mut watched = WatchedCampaign::open(platform, retailers.first()?, Load::Quiet).await?;
    let freshness = watched.measure(options.tries, &ProgressBar::hidden()).await?;
    drop(watched);
    simulators.clear();
    sleep(SETTLE).await;
    let idle = used(id, options.idle_seconds).await;
    drop(all);
    remove_rows(&retailers.destinations()?).await?;
    Ok([
        together(&traffic),
        traffic.cores(Role::ClickHouse),
        traffic.cores(Role::Measured),
        traffic.cores(Role::Kafka),
        traffic.cores(Role::Postgres),
        traffic.cores(Role::Redis),
        together(&idle),
        idle.cores(Role::ClickHouse),
        idle.cores(Role::Measured),
        memory,
        freshness.accepted.millis(95),
        freshness.streamed.millis(95),
        freshness.reported.millis(95),
    ])
}

fn together(cpu: &Cpu) -> f64 {
    cpu.cores(Role::ClickHouse) + cpu.cores(Role::Measured)
}

fn simulate(platform: &Platform, key: &str, rate: f64, number: usize) -> Process {
    let (rate, seed) = (rate.to_string(), (number + 1).to_string());
    let collector = platform.collector("/");
    let arguments = [
        "simulate",
        "--flat",
        "--rate",
        &rate,
        "--seed",
        &seed,
        "--collector",
        &collector,
        "--key",
        key,
    ];
    platform.spawn_as(&format!("simulate-{number}"), &arguments, [])
}

async fn used(process: u32, seconds: u64) -> Cpu {
    let meter = Meter::start(servers().into_iter().chain([(Role::Measured, process)]));
    sleep(Duration::from_secs(seconds)).await;
    meter.read()
}
