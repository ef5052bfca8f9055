#![doc = include_str!("../README.md")]

mod backup;
mod cli;
mod commands;
mod configuration;
mod delivery;
mod dependencies;
mod exit;
mod handover;
mod import;
mod log_filter;
mod metrics_settings;
mod output;
mod sampling;
mod secret_settings;
mod secrets_file;
mod signing_keys;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

/// Footfall makes many small allocations on many threads; mimalloc measured faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the command of the command line; the exit code reports the outcome.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure.to_string());
            failure.code()
        }
    }
}
