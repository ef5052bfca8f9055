#![doc = include_str!("../README.md")]

mod cli;
mod commands;
mod configuration;
mod delivery;
mod exit;
mod handover;
mod import;
mod metrics_settings;
mod output;
mod parts;
mod secrets_file;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

/// Many small allocations on many threads: measured faster with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the command line asks for, done; the exit code says how it went.
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
