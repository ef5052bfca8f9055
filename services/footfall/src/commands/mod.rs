//! One module per subcommand.

mod audit_log;
mod backfill;
mod backup;
mod config;
mod import;
mod keys;
mod migrate;
mod openapi;
mod privacy;
mod reconcile;
mod restore;
mod services;
mod simulate;
mod tenant;
mod tenant_move;
mod tenant_state;

use std::future::Future;

use services::Services;

use crate::{
    cli::{Cli, Command},
    configuration::Configuration,
    exit::Failure,
    output,
};

/// Runs the command of the command line.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let file = cli.config.as_deref();
    let settings = || Configuration::load(file).map_err(Failure::usage);
    let serve = |services| block_on(services::run(settings()?, services));
    match cli.command {
        Command::All => serve(Services::all()),
        Command::Collector { drain_only: false } => serve(Services::collector()),
        Command::Collector { drain_only: true } => serve(Services::drain()),
        Command::Processor { sink } => serve(Services::processor(sink)),
        Command::Api => serve(Services::api()),
        Command::Migrate { admin, handover } => {
            block_on(migrate::run(settings()?, &admin, handover))
        }
        Command::Tenant(command) => block_on(tenant::run(settings()?, command)),
        Command::Import(arguments) => block_on(import::run(arguments)),
        Command::Simulate(arguments) => block_on(simulate::run(arguments)),
        Command::Reconcile(arguments) => block_on(reconcile::run(settings()?, arguments)),
        Command::Backfill(arguments) => block_on(backfill::run(settings()?, arguments)),
        Command::Backup(arguments) => block_on(backup::run(settings()?, arguments)),
        Command::Restore(command) => block_on(restore::run(settings()?, command)),
        Command::Audit(arguments) => {
            output::note("`footfall audit` is deprecated: use `footfall reconcile`");
            block_on(reconcile::run(settings()?, arguments))
        }
        Command::Replay(arguments) => {
            output::note("`footfall replay` is deprecated: use `footfall backfill`");
            block_on(backfill::run(settings()?, arguments))
        }
        Command::Privacy(command) => block_on(privacy::run(settings()?, command)),
        Command::Keys(command) => block_on(keys::run(settings()?, command)),
        Command::AuditLog(command) => block_on(audit_log::run(settings()?, command)),
        Command::Config(command) => config::run(command, file),
        Command::Openapi { check, folder } => openapi::run(check, &folder),
    }
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::other)?.block_on(command)
}
