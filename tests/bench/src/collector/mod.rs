//! The collector: one event a request, a hundred a request, and a fixed rate of single events.

mod loads;

use clap::Args;
use stream::{KafkaSettings, delete_topics};
use testkit::{Platform, Preparation, Process};

use self::loads::Loads;
use crate::{
    Failure,
    load::{Load, Target, get},
    measure::{Role, Rounds, Table, progress},
    options::Common,
    platform::{Denominator, address, prepared, with_api, with_collector},
    shops::{Retailers, Sizes},
    store::remove_rows,
};

/// Measure the collector: requests per second, latency, CPU per request
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    load: Load,
    /// Single-event requests a second of the fixed rate
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    tenants: u32,
}

/// Events of a large request.
const BATCH: usize = 100;

pub(crate) static SINGLE: Table<17> = Table {
    name: "collector: one event a request",
    columns: [
        "requests/s",
        "p50 ms",
        "p99 ms",
        "collector, CPU µs/request",
        "`/healthz`, requests/s",
        "`/healthz`, p99 ms",
        "`/healthz`, CPU µs/request",
        "CPU ratio to `/healthz`",
        "bare actix, requests/s",
        "bare actix, CPU µs/request",
        "requests/s, ratio to bare actix",
        "relay, requests/s",
        "relay, CPU µs/request",
        "CPU ratio to the relay",
        "Kafka, CPU µs/request",
        "Redis, CPU µs/request",
        "client, CPU µs/request",
    ],
};

pub(crate) static BATCHES: Table<11> = Table {
    name: "collector: 100 events a request",
    columns: [
        "events/s",
        "p50 ms",
        "p99 ms",
        "collector, CPU µs/event",
        "parse-only handler, events/s",
        "parse-only handler, CPU µs/event",
        "CPU ratio to the parse-only handler",
        "relay, CPU µs/event",
        "CPU ratio to the relay",
        "Kafka, CPU µs/event",
        "client, CPU µs/event",
    ],
};

pub(crate) static RATE: Table<7> = Table {
    name: "collector: fixed rate",
    columns: [
        "requests/s",
        "p50 ms",
        "p99 ms",
        "collector, CPU µs/request",
        "`/healthz` at the same rate, CPU µs/request",
        "CPU ratio to `/healthz`",
        "Kafka, CPU µs/request",
    ],
};

/// A build's collector, and its load.
struct Measured {
    platform: Platform,
    process: Process,
    retailers: Retailers,
    relay: Denominator,
    loads: Loads,
}

/// Measures every program and the denominators in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, load, rate, tenants } = &options;
    let Load { seconds, connections } = load;
    let bare = Denominator::start("handlers").await?;
    let mut all = Vec::new();
    for program in common.programs() {
        let program = Some(program.clone());
        let platform = prepared(Preparation { program, ..Preparation::default() }).await;
        let retailers = {
            let _api = with_api(&platform).await;
            Retailers::onboard(&platform, *tenants as usize).await
        };
        let process = with_collector(&platform).await;
        let address = address(&platform.collector("/"))?;
        let log = platform.log::<KafkaSettings>();
        let to = ["--brokers", &log.brokers, "--topic", &log.events_topic];
        let relay = Denominator::start_with("relay", &to).await?;
        let loads = Loads::new(address, bare.address, relay.address, &retailers);
        all.push(Measured { platform, process, retailers, relay, loads });
    }
    let sizes = Sizes::default();
    let stated = format!("{connections} connections, {seconds} s, {tenants} tenants, {sizes}");
    let mut singles = Rounds::new(&SINGLE, common, stated.clone());
    let mut batches = Rounds::new(&BATCHES, common, stated);
    let stated = format!("{rate} requests/s due, 20 a connection, {seconds} s");
    let mut rates = Rounds::new(&RATE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let Some(measured) = all.get(index) else { continue };
            progress(&format!("round {}: {}", round + 1, program.display()));
            singles.add(index, single(&options, measured, &bare).await?);
            batches.add(index, batch(&options, measured, &bare).await?);
            rates.add(index, fixed_rate(&options, measured).await?);
        }
    }
    for Measured { platform, mut process, retailers, .. } in all {
        process.kill();
        remove_rows(&retailers.destinations()?).await?;
        delete_topics(&platform.log()).await?;
    }
    singles.finish()?;
    batches.finish()?;
    rates.finish()
}

async fn single(
    options: &Options,
    measured: &Measured,
    bare: &Denominator,
) -> Result<[f64; 17], Failure> {
    let Options { common, load, .. } = options;
    let health = [get(measured.loads.address, "/healthz", None)];
    let hello = [get(bare.address, "/", None)];
    let alive = load.saturate(measured.target(&health, 200)).await?;
    let hello = load.saturate(bare.target(&hello, 200)).await?;
    let relayed = measured.relay.target(&measured.loads.relayed_singles, 202);
    let relayed = load.saturate(relayed).await?;
    let target = measured.target(&measured.loads.singles, 202);
    let ours = load.profiled(target, common, "collector-single").await?;
    Ok([
        ours.rate(),
        ours.latencies().millis(50),
        ours.latencies().millis(99),
        ours.micros(Role::Measured),
        alive.rate(),
        alive.latencies().millis(99),
        alive.micros(Role::Measured),
        ours.micros(Role::Measured) / alive.micros(Role::Measured),
        hello.rate(),
        hello.micros(Role::Measured),
        ours.rate() / hello.rate(),
        relayed.rate(),
        relayed.micros(Role::Measured),
        ours.micros(Role::Measured) / relayed.micros(Role::Measured),
        ours.micros(Role::Kafka),
        ours.micros(Role::Redis),
        ours.micros(Role::Client),
    ])
}

async fn batch(
    options: &Options,
    measured: &Measured,
    bare: &Denominator,
) -> Result<[f64; 11], Failure> {
    let Options { common, load, .. } = options;
    let parse = load.saturate(bare.target(&measured.loads.parse_only, 202)).await?;
    let relayed = measured.relay.target(&measured.loads.relayed_batches, 202);
    let relayed = load.saturate(relayed).await?;
    let target = measured.target(&measured.loads.batches, 202);
    let ours = load.profiled(target, common, "collector-batch").await?;
    let events = BATCH as f64;
    Ok([
        ours.rate() * events,
        ours.latencies().millis(50),
        ours.latencies().millis(99),
        ours.micros(Role::Measured) / events,
        parse.rate() * events,
        parse.micros(Role::Measured) / events,
        ours.micros(Role::Measured) / parse.micros(Role::Measured),
        relayed.micros(Role::Measured) / events,
        ours.micros(Role::Measured) / relayed.micros(Role::Measured),
        ours.micros(Role::Kafka) / events,
        ours.micros(Role::Client) / events,
    ])
}

async fn fixed_rate(options: &Options, measured: &Measured) -> Result<[f64; 7], Failure> {
    let health = [get(measured.loads.address, "/healthz", None)];
    let alive = options.load.at_rate(measured.target(&health, 200), options.rate).await?;
    let target = measured.target(&measured.loads.singles, 202);
    let ours = options.load.at_rate(target, options.rate).await?;
    Ok([
        ours.rate(),
        ours.latencies().millis(50),
        ours.latencies().millis(99),
        ours.micros(Role::Measured),
        alive.micros(Role::Measured),
        ours.micros(Role::Measured) / alive.micros(Role::Measured),
        ours.micros(Role::Kafka),
    ])
}

impl Measured {
    fn target<'a>(&self, requests: &'a [Vec<u8>], status: u16) -> Target<'a> {
        Target { address: self.loads.address, requests, status, process: self.process.id() }
    }
}
