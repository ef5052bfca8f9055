//! How cost grows with one size at a time, the others being fixed.

mod events_sent;
mod ids;
mod line;
mod rows;

use clap::{Args, ValueEnum};

use self::line::Line;
use crate::{Failure, measure::progress, options::Common};

/// Measure how cost grows: partitions, tenants, campaigns, rows in the table, recent ids
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The sizes that grow, all when left out
    #[arg(value_enum)]
    axes: Vec<Axis>,
    /// Events that wait in Kafka
    #[arg(long, value_name = "N", default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    events: u32,
    /// The most rows in the table that is queried
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(10_000..=1_000_000_000))]
    rows: u64,
    /// The most recent ids
    #[arg(long, value_name = "N", default_value_t = 50_000_000, value_parser = clap::value_parser!(u64).range(10_000..=1_000_000_000))]
    ids: u64,
    /// The most tenants
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tenants: u32,
    /// The most campaigns of a tenant
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(20..=10_000_000))]
    campaigns: u32,
}

/// A size that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Axis {
    /// Partitions of the log: 1, 6, 12, 24
    Partitions,
    /// Tenants: 1, 100, 5,000
    Tenants,
    /// Campaigns of a tenant: 20 to 100,000
    Campaigns,
    /// Rows in the table: 1 M upwards, for an uncached report
    Rows,
    /// Recent ids of a partition: up to 50 M
    Ids,
}

/// Measures the first program on each axis.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let program = options.common.programs().first().ok_or("no program")?;
    let wanted = |axis: &Axis| options.axes.is_empty() || options.axes.contains(axis);
    for axis in Axis::value_variants().iter().filter(|axis| wanted(axis)) {
        progress(&format!("{axis:?}"));
        let lines = match axis {
            Axis::Partitions => events_sent::by_partitions(program, &options).await?,
            Axis::Tenants => events_sent::by_tenants(program, &options).await?,
            Axis::Campaigns => events_sent::by_campaigns(program, &options).await?,
            Axis::Rows => rows::measure(program, options.rows).await?,
            Axis::Ids => ids::measure(options.ids)?,
        };
        Line::print(&lines, options.common.record.as_deref())?;
    }
    Ok(())
}

/// Returns the sizes up to `most`, and `most` itself.
fn up_to<T: Copy + PartialOrd>(sizes: &[T], most: T) -> Vec<T> {
    let below = sizes.iter().copied().filter(|size| *size < most);
    below.chain([most]).collect()
}
