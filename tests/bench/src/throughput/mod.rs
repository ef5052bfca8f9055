//! Measures the throughput of one build, or of several for comparison.

mod collecting;
mod log;
mod report;
mod storing;

use std::path::{Path, PathBuf};

use clap::Args;

use self::report::Report;
use crate::Failure;

/// Measure throughput: Kafka to ClickHouse, and requests to the collector
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// A build of `footfall` to measure; if repeated, each is measured in every round and compared
    /// with the first
    #[arg(long = "program", value_name = "PATH", required = true)]
    programs: Vec<PathBuf>,
    /// How often each build is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Events that wait in Kafka before the store sink starts
    #[arg(long, value_name = "N", default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    events: u32,
    /// The number of requests, of ten events each
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    requests: u32,
}

/// Measures every program in each round, in alternating order, and prints the results.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let mut report = Report::new(&options.programs);
    for round in 0..options.rounds {
        let mut order: Vec<(usize, &Path)> =
            options.programs.iter().map(PathBuf::as_path).enumerate().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (index, program) in order {
            report.progress(round, program);
            let stored = storing::rows_per_second(program, options.events).await?;
            let collected = collecting::requests_per_second(program, options.requests).await?;
            report.add(index, stored, collected);
        }
    }
    report.print();
    Ok(())
}
