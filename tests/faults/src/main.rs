#![doc = include_str!("../README.md")]

mod disk;
mod load;
mod options;
mod oracle;
mod proxy;
mod report;
mod scenarios;
mod stack;
mod stand;

use std::{error::Error, process::ExitCode};

use clap::Parser;

use options::Options;

/// Why a run cannot go on.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    scenarios::run(Options::parse()).await
}
