use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    Failure, collector, freshness, growth, import, live, questions, redis, reports, serve, sinks,
    store, traces, trickle,
};

/// Measure the whole system, part by part
#[derive(Debug, Parser)]
#[command(name = "bench", disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) part: Part,
}

/// The part to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    Store(store::Options),
    Table(store::table::Options),
    Collector(collector::Options),
    Reports(reports::Options),
    Questions(questions::Options),
    Live(live::Options),
    Trickle(trickle::Options),
    Redis(redis::Options),
    Sinks(sinks::Options),
    Import(import::Options),
    Traces(traces::Options),
    Freshness(freshness::Options),
    Growth(growth::Options),
    #[command(hide = true)]
    Serve(serve::Options),
}

/// The options of every part that compares.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// A build of `footfall` to measure, that of this build when left out; if repeated, each is
    /// measured in every round
    #[arg(long = "program", value_name = "PATH")]
    programs: Vec<PathBuf>,
    /// How often each build is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// Append the figures to this Markdown document
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Draw flame graphs of the measured process in this folder; it is slower meanwhile
    #[arg(long, value_name = "FOLDER", conflicts_with = "record")]
    pub(crate) profile: Option<PathBuf>,
}

impl Common {
    /// Finds the program of this build if none was named, and names programs by absolute paths.
    ///
    /// # Errors
    /// A program does not exist.
    pub(crate) fn resolve(&mut self) -> Result<(), Failure> {
        if self.programs.is_empty() {
            self.programs.push(testkit::program("footfall"));
        }
        for program in &mut self.programs {
            *program = program
                .canonicalize()
                .map_err(|error| format!("{}: {error}", program.display()))?;
        }
        Ok(())
    }

    /// Returns the programs to measure.
    pub(crate) fn programs(&self) -> &[PathBuf] {
        &self.programs
    }

    /// Returns the programs with their numbers in the order of a round: every second one is
    /// reversed, since the machine's speed varies.
    pub(crate) fn order(&self, round: u32) -> Vec<(usize, &Path)> {
        let mut order: Vec<_> = self.programs.iter().map(PathBuf::as_path).enumerate().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }
}
