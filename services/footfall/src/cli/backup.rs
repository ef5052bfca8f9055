use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

/// A store that is backed up. Redis is not: its counters are computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum StoreName {
    /// Tenants, users, keys, the ledger
    Postgres,
    /// Rows of events and refused events, kept rollups
    Clickhouse,
    /// The records of the log, and who was erased
    Archive,
}

/// `footfall backup`
#[derive(Debug, Args)]
#[command(after_help = "\
The platform goes on meanwhile; only reconciliations and moves of tenants wait. ClickHouse writes its part on its own
disk `backups`; everything else is below the folder. The files hold secrets: password hashes and sealed keys.

Examples:
  footfall backup --to /backups
  footfall backup --to /backups --base 20261129T020000Z-4f1c9a07
  footfall backup --to /backups --base latest")]
pub(crate) struct Backup {
    /// The folder of all backups; each gets a folder of its own in it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// An earlier backup in the same folder, or `latest`: only what has changed since is written; everything if there is none
    #[arg(long, value_name = "NAME")]
    pub(crate) base: Option<String>,
    /// Only these stores; all when left out
    #[arg(long, value_enum, value_name = "STORE,…", value_delimiter = ',')]
    pub(crate) only: Vec<StoreName>,
}

/// `footfall restore …`
#[derive(Debug, Subcommand)]
pub(crate) enum RestoreCommand {
    /// Restore stores that are empty, while no processor runs
    #[command(after_help = "\
Stop the processors first; collectors and apis may go on. Start them again when this has ended, and then settle.
With --until, PostgreSQL is there already: it gets the tables of this release and the addresses of the clusters, and
every session ends.

Examples:
  footfall restore stores --from /backups/20261129T020000Z-4f1c9a07 --only clickhouse
  footfall restore stores --until 2026-11-29T02:00:00Z")]
    Stores {
        #[command(flatten)]
        restored: Restored,
        /// The log is not the one of the backup, because Kafka was lost, too
        #[arg(long, conflicts_with = "until")]
        new_log: bool,
    },
    /// Make the restored stores agree with the others: rows, objects, erasures; safe to repeat
    #[command(after_help = "\
It inserts what the stores received since the backup, and erases again what was erased since. Run it when the
processors have caught up. The exit code is 4 if something still differs.

Examples:
  footfall restore settle --from /backups/20261129T020000Z-4f1c9a07 --only clickhouse
  footfall restore settle --until 2026-11-29T02:00:00Z")]
    Settle {
        #[command(flatten)]
        restored: Restored,
    },
}

/// What is restored, and from where.
#[derive(Debug, Args)]
pub(crate) struct Restored {
    /// The folder of the backup
    #[arg(long, value_name = "FOLDER", required_unless_present = "until")]
    pub(crate) from: Option<PathBuf>,
    /// No backup: the time until which PostgreSQL was recovered from its own log
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "only"])]
    pub(crate) until: Option<DateTime<Utc>>,
    /// Only these stores; all of the backup when left out
    #[arg(long, value_enum, value_name = "STORE,…", value_delimiter = ',')]
    pub(crate) only: Vec<StoreName>,
}

/// Whether a store is meant: all are when none is named.
pub(crate) fn includes(only: &[StoreName], store: StoreName) -> bool {
    only.is_empty() || only.contains(&store)
}
