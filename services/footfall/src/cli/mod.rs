mod backup;
mod keys;
mod tenant;

use std::{convert::Infallible, path::PathBuf};

use chrono::{DateTime, Datelike, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use control_plane::AuditLink;
use settings::Secret;
use tenancy::{CampaignId, ClientId};
use url::Url;
use uuid::Uuid;

pub(crate) use self::{
    backup::{Backup, RestoreCommand, Restored, StoreName, includes},
    keys::KeysCommand,
    tenant::TenantCommand,
};
use crate::import::Format;

/// Analytics for online shops: receives events, counts each exactly once, reports per campaign.
#[derive(Debug, Parser)]
#[command(name = "footfall", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// A TOML file of settings, which override the built-in defaults
    #[arg(long, global = true, value_name = "FILE", env = "FOOTFALL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Settings come from the built-in defaults, then the --config file, then environment variables:
FOOTFALL__KAFKA__BROKERS (two underscores each) sets `brokers` in section [kafka]. `footfall config show` prints the result.

Examples:
  footfall config check                          check that the settings are valid
  footfall migrate                               prepare Kafka, PostgreSQL and ClickHouse
  footfall tenant apply tenants/                 create or update the tenants described there
  footfall all                                   run collector, processor and api in one process
  footfall import --format open-bandit --key ff_import_... random-men.csv.xz
  footfall simulate --rate 200 --key ff_collect_... --campaigns spring-sale,new-shoes

Exit codes:
  0  done
  1  a fault of Footfall or of this machine
  2  wrong arguments, settings or key
  3  a server is unavailable: Kafka, PostgreSQL, Redis, ClickHouse, a collector
  4  the input was read, but some or all of it was refused, such as a backup; or a reconciliation found differences";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: collector, processor and api
    All,
    /// Receive events over HTTP and write them to Kafka
    Collector {
        /// Receive nothing: send what the spool of a removed collector holds, and end with 0 when all of it is in Kafka
        #[arg(long)]
        drain_only: bool,
    },
    /// Write events from Kafka to ClickHouse, Redis and the archive
    Processor {
        /// Run this consumer group only; all when left out
        #[arg(long, value_enum)]
        sink: Option<GroupName>,
    },
    /// Serve reports, live streams and administration over HTTP
    Api,
    /// Create or update topics, tables and clusters; safe to run repeatedly and concurrently
    Migrate {
        /// The first admin of the platform, created unless a user has this address
        #[arg(long, value_name = "EMAIL", default_value = "admin@footfall.example")]
        admin: String,
        #[command(flatten)]
        handover: Handover,
    },
    /// Compare tenant files with the platform and apply them; suspend, move and offboard tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Send files of events to a collector; sending a file twice changes nothing
    Import(Import),
    /// Send the simulated traffic of a shop to a collector
    Simulate(Simulate),
    /// Reconcile ClickHouse and the archive with the ledger; repair what is missing or doubled
    Reconcile(Reconcile),
    /// Backfill a tenant's rows from log and archive; existing rows stay as they are
    Backfill(Backfill),
    /// Write a backup of PostgreSQL, ClickHouse and the archive
    Backup(Backup),
    /// Restore stores from a backup, and make them agree with the others
    #[command(subcommand)]
    Restore(RestoreCommand),
    /// Deprecated: the old name of `reconcile`
    #[command(hide = true)]
    Audit(Reconcile),
    /// Deprecated: the old name of `backfill`
    #[command(hide = true)]
    Replay(Backfill),
    /// Prove that nobody changed the audit log
    #[command(subcommand)]
    AuditLog(AuditLogCommand),
    /// Rotate the keys that sign access tokens, and those that seal secrets
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Prove that erased persons have nothing left, or erase them again after a store was restored
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Check or print the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write the OpenAPI documents of collector and api
    Openapi {
        /// Change nothing; fail if the files differ from the code
        #[arg(long)]
        check: bool,
        /// The folder of the documents
        #[arg(long, value_name = "FOLDER", default_value = "openapi")]
        folder: PathBuf,
    },
}

/// A consumer group of the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupName {
    /// Into ClickHouse
    Store,
    /// Into Redis: the counters of the last days and the live streams
    Live,
    /// Into the archive: every record as it is in Kafka, as long as its tenant retains rows
    Archive,
    /// Refused events into ClickHouse, where their tenants correct and resubmit them
    Rejects,
}

/// Where new passwords, invitations and keys are written.
#[derive(Debug, Args)]
pub(crate) struct Handover {
    /// Write new credentials (keys, invitations, the admin's password) to this file, which only its
    /// owner can read, instead of printing them
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
}

/// `footfall audit-log …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum AuditLogCommand {
    /// Compute the chain of hashes again, and print its last link; the exit code is 4 if it is broken
    #[command(after_help = "\
Keep the printed link where no administrator of PostgreSQL can change it. With it, a later run also
proves that nobody wrote the whole log anew.

Example:
  footfall audit-log verify --link 17:3f0a…")]
    Verify {
        /// A link that an earlier run printed
        #[arg(long, value_name = "NUMBER:HASH")]
        link: Option<AuditLink>,
    },
}

/// `footfall privacy …`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PrivacyCommand {
    /// Search every store for the persons of an erasure; the exit code is 4 if something is left
    #[command(after_help = "\
It reads the tenant's tables, lists and report files, and every object of the archive since the tenant
was onboarded. It changes nothing, and knows the persons by their hashes only.

Example:
  footfall privacy check --tenant northwind 019ac7f2-…")]
    Check {
        /// The tenant
        #[arg(long, value_name = "ID")]
        tenant: ClientId,
        /// The erasure, as `POST /v1/privacy/erase` answered
        #[arg(value_name = "ERASURE")]
        erasure: Uuid,
    },
    /// Begin all erasures of a tenant again: after a store was restored from a copy
    #[command(after_help = "\
The processors also find restored rows and lost erasures by themselves, within a day. They do the work; each
erasure gets another receipt, which names the one before.

Example:
  footfall privacy erase-again --tenant northwind")]
    EraseAgain {
        /// The tenant
        #[arg(long, value_name = "ID")]
        tenant: ClientId,
    },
}

/// `footfall config …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read all settings and check that they are valid
    Check,
    /// Print the settings in effect and where each was set; secrets as ***
    Show,
}

/// The collector that events are sent to, and the key.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The API key to send with; prefer the variable, which other users cannot see
    #[arg(long, env = "FOOTFALL_KEY", hide_env_values = true, value_parser = secret)]
    pub(crate) key: Secret,
    /// The collector's address
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:8081",
        env = "FOOTFALL_COLLECTOR"
    )]
    pub(crate) collector: Url,
    /// Compress request bodies
    #[arg(long)]
    pub(crate) gzip: bool,
    /// How long to retry while the collector is busy or unavailable, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) patience: u64,
}

/// `footfall import`
#[derive(Debug, Args)]
#[command(after_help = "\
Every event keeps its time in the file, however old: this needs a key of kind `import`.
Its event id is derived from the row, so sending a file again within 24 hours changes nothing.

Example:
  FOOTFALL_KEY=ff_import_... footfall import --format open-bandit random-men.csv.xz bts-men.csv.xz")]
pub(crate) struct Import {
    /// The format of the files
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) target: Target,
    /// The campaign of all events; open-bandit defaults to the file's name up to its first dot
    #[arg(long, value_name = "ID")]
    pub(crate) campaign: Option<CampaignId>,
    /// The most events a second; as fast as the collector takes them when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// The files: plain, .gz, .xz or .zst
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// `footfall simulate`
#[derive(Debug, Args)]
#[command(after_help = "\
Visitors browse, see and click ads, fill carts, buy and sometimes return goods. The same seed makes
the same shop and similar visits; the same seed and --from make the same events. Events more than
30 days old need a key of kind `import`. docs/simulator.md describes the traffic.

Examples:
  FOOTFALL_KEY=ff_collect_... footfall simulate --rate 200 --duration 60
  FOOTFALL_KEY=ff_import_... footfall simulate --rate 0.06 --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z")]
pub(crate) struct Simulate {
    /// Events a second, averaged over the week
    #[arg(long, value_name = "N", default_value_t = 200.0, value_parser = rate)]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) target: Target,
    /// The seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// When the traffic begins; its past part is sent at once; now when left out
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<DateTime<Utc>>,
    /// When the traffic ends; at Ctrl-C when left out
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "duration")]
    pub(crate) to: Option<DateTime<Utc>>,
    /// How long the traffic lasts, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) duration: Option<u32>,
    /// A TOML file that describes the shop; a fashion shop in Germany when left out
    #[arg(long, value_name = "FILE")]
    pub(crate) shop: Option<PathBuf>,
    /// The campaigns whose ads are shown; those of the shop when left out
    #[arg(long, value_name = "ID,ID,...", value_delimiter = ',')]
    pub(crate) campaigns: Vec<CampaignId>,
    /// The same rate at every hour, instead of busy evenings and quiet nights
    #[arg(long)]
    pub(crate) flat: bool,
}

/// `footfall reconcile`
#[derive(Debug, Args)]
#[command(after_help = "\
The processors reconcile by themselves: every minute the last quarter of an hour, every hour the
last day and every day all seven days that the ledger retains. The exit code is 4 if anything
differed, even if all of it was repaired.

Example:
  footfall reconcile --full --from 2026-11-20T00:00:00Z")]
pub(crate) struct Reconcile {
    /// Compare every row and every byte of the archive, instead of counts and sizes
    #[arg(long)]
    pub(crate) full: bool,
    /// Only what was stored at this time or later; seven days ago when left out
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Only what was stored before this time; now when left out
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<DateTime<Utc>>,
}

/// `footfall backfill`
#[derive(Debug, Args)]
#[command(after_help = "\
Records are read from the log, or from the archive if they have expired from the log. They keep
their log places, and re-sends are dropped as the first time, so nothing is counted twice and a
second run changes nothing. This fills ClickHouse; live counters are rebuilt from it.

Example:
  footfall backfill --tenant acme --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z --dry-run")]
pub(crate) struct Backfill {
    /// The tenant of the records
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: ClientId,
    /// Records that entered the log at this time or later
    #[arg(long, value_name = "TIME")]
    pub(crate) from: DateTime<Utc>,
    /// Records that entered the log before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: DateTime<Utc>,
    /// Change nothing; report what is missing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time = text.parse::<DateTime<Utc>>().ok();
    let time = time.filter(|time| (1970..2200).contains(&time.year()));
    time.ok_or("must be a time of RFC 3339 from 1970 to 2199, such as 2026-10-01T00:00:00Z")
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().ok().filter(|rate| (0.001..=100_000.0).contains(rate));
    rate.ok_or("must be a number from 0.001 to 100000")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_a_runbook_is_understood() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations/runbooks");
        let mut commands = 0;
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines().filter_map(|line| line.strip_prefix("$ footfall ")) {
                let arguments = line.split(" #").next().unwrap_or_default().split_whitespace();
                let parsed = Cli::try_parse_from(["footfall"].into_iter().chain(arguments));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                commands += 1;
            }
        }
        assert!(commands > 0);
    }

    #[test]
    fn a_key_does_not_show_in_debug_output() {
        let arguments = ["footfall", "simulate", "--key", "ff_collect_1_hunter2"];
        let cli = Cli::try_parse_from(arguments).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
