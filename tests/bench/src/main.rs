#![doc = include_str!("../README.md")]

mod durations;
mod freshness;
mod machine;
mod options;
mod throughput;

use std::error::Error;

use clap::Parser;

use options::{Measure, Options};

/// Why a run failed.
type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    match Options::parse().measure {
        Measure::Freshness(options) => freshness::run(options).await,
        Measure::Throughput(options) => throughput::run(options).await,
    }
}
