//! The live sink against what Redis does for redis-benchmark.

mod benchmark;
mod sink;

use clap::Args;

use crate::{
    Failure,
    measure::{Role, Rounds, Table},
    options::Common,
    shops::Sizes,
};

/// Measure the live sink: events and commands per second from Kafka to Redis
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events that wait in Kafka before the live sink starts
    #[arg(long, value_name = "N", default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub(crate) events: u32,
    /// Partitions of the log
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) partitions: u16,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) tenants: u32,
}

pub(crate) static TABLE: Table<11> = Table {
    name: "redis",
    columns: [
        "live sink, events/s",
        "live sink, commands/s",
        "commands/event",
        "processor, CPU µs/event",
        "Redis, CPU µs/event",
        "Redis, CPU µs/command",
        "Kafka, CPU µs/event",
        "redis-benchmark HINCRBY, commands/s",
        "redis-benchmark HSET of 4 fields, commands/s",
        "redis-benchmark HINCRBY, Redis CPU µs/command",
        "commands/s, ratio to HINCRBY",
    ],
};

/// Measures every program and redis-benchmark in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, partitions, tenants } = &options;
    let stated = format!(
        "{events} events, {partitions} partitions, {tenants} tenants, {}",
        Sizes::default()
    );
    let mut rounds = Rounds::new(&TABLE, common, stated);
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let applied = sink::apply(program, &options).await?;
            let bare = benchmark::run().await?;
            let processed = &applied.processed;
            let commands = applied.commands / processed.events;
            rounds.add(
                index,
                [
                    processed.rate,
                    processed.rate * commands,
                    commands,
                    processed.micros(Role::Measured),
                    processed.micros(Role::Redis),
                    processed.micros(Role::Redis) / commands,
                    processed.micros(Role::Kafka),
                    bare.increments,
                    bare.sets,
                    bare.increment_micros,
                    processed.rate * commands / bare.increments,
                ],
            );
        }
    }
    rounds.finish()
}
