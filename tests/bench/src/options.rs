use clap::{Parser, Subcommand};

use crate::{freshness, throughput};

/// Measure the whole system
#[derive(Debug, Parser)]
#[command(name = "bench", disable_help_subcommand = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) measure: Measure,
}

/// The measurement to run.
#[derive(Debug, Subcommand)]
pub(crate) enum Measure {
    Freshness(freshness::Options),
    Throughput(throughput::Options),
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
