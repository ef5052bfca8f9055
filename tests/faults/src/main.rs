#![doc = include_str!("../README.md")]

mod disk;
mod load;
mod options;
mod oracle;
mod proxy;
mod report;
mod scenario;
mod scenarios;
mod stack;
mod stand;

use std::{error::Error, process::ExitCode};

use clap::Parser;

use options::Options;

/// An error that ends a run or a piece.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    scenarios::run(Options::parse()).await
}
