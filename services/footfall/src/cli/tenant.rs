use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use tenancy::{ClientId, ClusterName, Isolation};

use super::Handover;

/// How far a tenant's data is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TierName {
    /// Shared tables
    Shared,
    /// A database of its own
    Schema,
    /// A cluster of its own
    Dedicated,
}

impl From<TierName> for Isolation {
    fn from(tier: TierName) -> Self {
        match tier {
            TierName::Shared => Self::Shared,
            TierName::Schema => Self::Schema,
            TierName::Dedicated => Self::Dedicated,
        }
    }
}

/// `footfall tenant …`
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Print what `apply` would change
    Plan {
        /// A TOML file of a tenant, or a folder of such files
        #[arg(value_name = "FILE|FOLDER")]
        path: PathBuf,
    },
    /// Apply the changes; what a file does not name is not removed
    Apply {
        /// A TOML file of a tenant, or a folder of such files
        #[arg(value_name = "FILE|FOLDER")]
        path: PathBuf,
        #[command(flatten)]
        handover: Handover,
    },
    /// Refuse a tenant's events and reads within five seconds; what it sent before is processed
    Suspend {
        /// The tenant
        #[arg(value_name = "ID")]
        tenant: ClientId,
        /// Shown to the tenant's owners, in one line of at most 500 characters
        #[arg(long, value_parser = state_reason)]
        reason: String,
    },
    /// Begin the end of a tenant: a grace period in which it may read, then the erasure
    Offboard {
        /// The tenant
        #[arg(value_name = "ID")]
        tenant: ClientId,
        /// Shown to the tenant's owners, in one line of at most 500 characters
        #[arg(long, value_parser = state_reason)]
        reason: String,
        /// For how long the tenant can be resumed
        #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(..=365))]
        grace_days: u16,
    },
    /// Move a tenant to another tier or cluster, while it sends and reads; show its last move without `--to`
    #[command(after_help = "\
The processors do the work; the command may end before them. `--watch` waits for the end, and `--back-out`
takes the move back until the old rows are removed. Change the tenant's file afterwards.

Examples:
  footfall tenant move acme --to schema --watch
  footfall tenant move acme --to dedicated --cluster acme-1
  footfall tenant move acme --watch
  footfall tenant move acme --back-out \"the cluster is too small\"")]
    Move {
        /// The tenant
        #[arg(value_name = "ID")]
        tenant: ClientId,
        /// The tier to move it to
        #[arg(long, value_enum, value_name = "TIER")]
        to: Option<TierName>,
        /// The cluster to move it to; that of its rows when left out
        #[arg(long, value_name = "NAME", requires = "to")]
        cluster: Option<ClusterName>,
        /// Take the move back; the reason is kept with it, in one line of at most 500 characters
        #[arg(long, value_name = "REASON", value_parser = state_reason, conflicts_with = "to")]
        back_out: Option<String>,
        /// Wait until the move has ended, with a progress bar
        #[arg(long)]
        watch: bool,
    },
    /// Let a suspended tenant send and read again, or one within the grace period of its offboarding
    Resume {
        /// The tenant
        #[arg(value_name = "ID")]
        tenant: ClientId,
    },
}

fn state_reason(text: &str) -> Result<String, &'static str> {
    let line = text.trim();
    let fits = (1..=500).contains(&line.chars().count()) && !line.contains(char::is_control);
    if fits { Ok(line.to_owned()) } else { Err("must be a line of 1 to 500 characters") }
}
