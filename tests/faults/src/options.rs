use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Break what the platform depends on, and check every event afterwards
#[derive(Debug, Parser)]
#[command(
    name = "faults",
    after_help = "\
Examples:
  faults kills --only clickhouse --tries 50 --seed 7   fifty kills of ClickHouse
  faults --size 1 slice                                one percent of six scenarios
  faults --resume all                                  continue the full run
  faults report                                        the results as a table

Exit code 0 when nothing was lost or doubled and every piece finished, 1 otherwise."
)]
pub(crate) struct Options {
    /// Share of the full number of tries, in percent
    #[arg(long, global = true, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) size: u32,
    /// Seed of the random choices
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of pieces to run at the same time, of those that break only their own platform
    #[arg(long, global = true, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) at_once: u8,
    /// Skip pieces that have a result of the same commit and seed
    #[arg(long, global = true)]
    pub(crate) resume: bool,
    /// Folder of the results
    #[arg(long, global = true, value_name = "FOLDER", default_value = ".footfall/faults")]
    pub(crate) results: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to run.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Abort a process at each named step of the protocol
    Aborts(Choice),
    /// kill -9 at random moments
    Kills(Choice),
    /// Freeze a process past its lease, and wake it after another has taken over
    Zombies(Choice),
    /// Members that join, leave and die under load
    Rebalances(Choice),
    /// Each fault of a proxy on each network link
    Links(Choice),
    /// Moves of a tenant up and down, each with an abort at a step
    Moves(Choice),
    /// Batches sent twice, one after the other and at the same time
    Resends(Choice),
    /// Long outages, lost and restored stores
    Outages(Choice),
    /// Full disks and failing fsyncs
    Disks(Choice),
    /// Stores that are lost with all their data, and restored from backups
    Drills(Choice),
    /// A rolling restart of every process and server under load
    Restarts(Choice),
    /// Upgrades from the release before, process by process, under load
    Upgrades(Choice),
    /// Random histories of the protocol's model, without servers
    Histories(Choice),
    /// One hour under load with random kills
    Soak(Choice),
    /// Every scenario
    All,
    /// The scenarios aborts, kills, zombies, rebalances, links and histories
    Slice,
    /// Print the results as a table in Markdown
    Report,
}

/// Which part of a scenario to run.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Tries of each kind of fault, instead of the number that --size gives
    #[arg(long, value_name = "N", visible_aliases = ["kills", "steps"])]
    pub(crate) tries: Option<u64>,
    /// Only these kinds of fault, by their names in results
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
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
