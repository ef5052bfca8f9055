//! Kafka to ClickHouse: the store sink against raw inserts and against ClickHouse's Kafka engine.

mod engine;
mod raw;
mod sink;
pub(crate) mod table;

use clap::Args;

pub(crate) use self::sink::{Waiting, onboarded, onboarded_with, platform_of, remove_rows};
use self::{engine::Engine, raw::Blocks};
use crate::{
    Failure,
    measure::{Cpu, Role, Rounds, Table},
    options::Common,
    shops::Sizes,
};

/// Measure the store sink: rows per second from Kafka to ClickHouse
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events that wait in Kafka before the store sink starts
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub(crate) events: u32,
    /// Partitions of the log
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) partitions: u16,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) tenants: u32,
    /// Campaigns of each tenant
    #[arg(long, value_name = "N", default_value_t = Sizes::default().campaigns)]
    pub(crate) campaigns: usize,
}

/// The table of this part.
pub(crate) static TABLE: Table<14> = Table {
    name: "store",
    columns: [
        "store sink, rows/s",
        "raw inserts, rows/s",
        "ratio to raw inserts",
        "Kafka engine, rows/s",
        "ratio to the Kafka engine",
        "processor, CPU µs/row",
        "ClickHouse, CPU µs/row",
        "ClickHouse under raw inserts, CPU µs/row",
        "ratio of ClickHouse's CPU",
        "ClickHouse with its Kafka engine, CPU µs/row",
        "Kafka, CPU µs/row",
        "Kafka under the Kafka engine, CPU µs/row",
        "PostgreSQL, CPU µs/row",
        "processor, peak memory MiB",
    ],
};

/// What one way of storing the rows achieved.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) rows: u64,
    /// Rows per second.
    pub(crate) rate: f64,
    /// Until the last merge has ended.
    pub(crate) cpu: Cpu,
    /// Resident memory of the measured process at its peak, in bytes.
    pub(crate) memory: f64,
}

impl Stored {
    /// Returns a role's processor time per row, in microseconds.
    pub(crate) fn micros(&self, role: Role) -> f64 {
        self.cpu.micros_per(role, self.rows as f64)
    }
}

/// Measures every program and both denominators in each round, in alternating order.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, partitions, tenants, campaigns } = &options;
    let sizes = Sizes { campaigns: *campaigns, ..Sizes::default() };
    let stated = format!("{events} events, {partitions} partitions, {tenants} tenants, {sizes}");
    let mut rounds = Rounds::new(&TABLE, common, stated);
    let mut engine = Engine::default();
    for round in 0..common.rounds {
        for (index, program) in common.order(round) {
            let (platform, retailers) = onboarded(program, *partitions, *tenants).await;
            let filled = Waiting::of(platform, &retailers, *events, sizes).await?;
            let ours = filled.store(common).await?;
            let blocks = Blocks::read(&filled.destinations).await?;
            let raw = blocks.insert().await?;
            drop(blocks);
            let theirs = engine.store(&filled.platform, filled.filled.rows).await?;
            filled.remove().await?;
            rounds.add(index, figures(&ours, &raw, &theirs));
        }
    }
    rounds.finish()
}

fn figures(ours: &Stored, raw: &Stored, engine: &Stored) -> [f64; 14] {
    [
        ours.rate,
        raw.rate,
        ours.rate / raw.rate,
        engine.rate,
        ours.rate / engine.rate,
        ours.micros(Role::Measured),
        ours.micros(Role::ClickHouse),
        raw.micros(Role::ClickHouse),
        ours.micros(Role::ClickHouse) / raw.micros(Role::ClickHouse),
        engine.micros(Role::ClickHouse),
        ours.micros(Role::Kafka),
        engine.micros(Role::Kafka),
        ours.micros(Role::Postgres),
        ours.memory / f64::from(1 << 20),
    ]
}
