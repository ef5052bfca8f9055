//! The live sink, the archive sink and the drain of a spool, against the store sink.

mod drain;

use std::path::Path;

use clap::Args;

use self::drain::drain;
use crate::{
    Failure,
    clickhouse::all_merged,
    measure::{Role, Rounds, Table, progress},
    options::Common,
    shops::Sizes,
    sink::{Processed, process},
    store::{Waiting, onboarded},
};

/// Measure store, live and archive sink on the same events, and the drain of a spool
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events that wait in Kafka, for each sink
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    events: u32,
    /// Events that are spooled, and then drained
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(20_000..=2_000_000))]
    spooled: u32,
    /// Partitions of the log
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    partitions: u16,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    tenants: u32,
}

pub(crate) static TABLE: Table<17> = Table {
    name: "sinks",
    columns: [
        "store sink, events/s",
        "live sink, events/s",
        "archive sink, events/s",
        "spool drain, events/s",
        "live sink, events/s ratio to the store sink",
        "archive sink, events/s ratio to the store sink",
        "spool drain, events/s ratio to the store sink",
        "store sink, processor CPU µs/event",
        "live sink, processor CPU µs/event",
        "archive sink, processor CPU µs/event",
        "spool drain, collector CPU µs/event",
        "live sink, CPU ratio to the store sink",
        "archive sink, CPU ratio to the store sink",
        "spool drain, CPU ratio to the store sink",
        "PostgreSQL under the archive sink, CPU µs/event",
        "Kafka under the spool drain, CPU µs/event",
        "archive sink, peak memory MiB",
    ],
};

/// Measures every program in each round, the sinks one after the other.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, spooled, partitions, tenants } = &options;
    let stated = format!(
        "{events} events, {spooled} spooled events, {partitions} partitions, {tenants} tenants, {}",
        Sizes::default()
    );
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            progress(&format!("round {}: {}", round + 1, program.display()));
            rounds.add(index, measure(&options, program).await?);
        }
    }
    rounds.finish()
}

async fn measure(options: &Options, program: &Path) -> Result<[f64; 17], Failure> {
    let Options { common, events, spooled, partitions, tenants } = options;
    let (platform, retailers) = onboarded(program, *partitions, *tenants).await;
    let waiting = Waiting::of(platform, &retailers, *events, Sizes::default()).await?;
    let records = waiting.filled.records;
    all_merged().await?;
    let store = process(common, &waiting.platform, "store", records).await?;
    // The merges of its rows take no processor time from the other sinks.
    all_merged().await?;
    let live = process(common, &waiting.platform, "live", records).await?;
    let archive = process(common, &waiting.platform, "archive", records).await?;
    let drained = drain(common, &waiting.platform, &retailers, *spooled).await?;
    waiting.remove().await?;
    Ok(figures(&store, &live, &archive, &drained))
}

fn figures(
    store: &Processed,
    live: &Processed,
    archive: &Processed,
    drained: &Processed,
) -> [f64; 17] {
    let micros = |processed: &Processed| processed.micros(Role::Measured);
    [
        store.rate,
        live.rate,
        archive.rate,
        drained.rate,
        live.rate / store.rate,
        archive.rate / store.rate,
        drained.rate / store.rate,
        micros(store),
        micros(live),
        micros(archive),
        micros(drained),
        micros(live) / micros(store),
        micros(archive) / micros(store),
        micros(drained) / micros(store),
        archive.micros(Role::Postgres),
        drained.micros(Role::Kafka),
        archive.memory / f64::from(1 << 20),
    ]
}
