use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Break what the platform stands on, and count every event afterwards
#[derive(Debug, Parser)]
#[command(
    name = "faults",
    after_help = "\
Examples:
  faults t2 --only clickhouse --tries 50 --seed 7   fifty kills of ClickHouse
  faults --size 1 slice                             one percent of T1 to T5, and the model
  faults --resume all                               the full run, where it was left
  faults report                                     what was run to its end, as a table

Exit code 0 when nothing was lost and nothing doubled, 1 otherwise."
)]
pub(crate) struct Options {
    /// How much of the full figures, in percent
    #[arg(long, global = true, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) size: u32,
    /// What chance begins with
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many pieces run at the same time, of those that break only a platform of their own
    #[arg(long, global = true, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) at_once: u8,
    /// Leave out what the results say was run to its end, on the same commit with the same seed
    #[arg(long, global = true)]
    pub(crate) resume: bool,
    /// Where results are kept
    #[arg(long, global = true, value_name = "FOLDER", default_value = ".footfall/faults")]
    pub(crate) results: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Abort at each named step of the protocol
    T1(Choice),
    /// kill -9 at random moments
    T2(Choice),
    /// Zombies: frozen past the lease, woken when another has taken over
    T3(Choice),
    /// Members that join, leave and die under load
    T4(Choice),
    /// Each fault of a proxy on each link
    T5(Choice),
    /// Batches sent twice, one after the other and at the same time
    T6(Choice),
    /// Long outages, lost and restored stores
    T7(Choice),
    /// Full disks and failing fsyncs
    T8(Choice),
    /// The model: histories of ledger, sinks and a lying dedup log
    T10(Choice),
    /// Hours under load with random faults
    T17(Choice),
    /// Every table
    All,
    /// A little of everything: T1 to T5 and T10
    Slice,
    /// Print the results as a table in Markdown
    Report,
}

/// Which part of a table.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Tries of each sort of fault, instead of the size's
    #[arg(long, value_name = "N", visible_aliases = ["kills", "steps"])]
    pub(crate) tries: Option<u64>,
    /// Only these sorts of faults, by the names that results show
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
