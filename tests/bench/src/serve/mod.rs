//! The denominators' servers, as small as they can be. Each runs as a process of its own.

mod handlers;
mod hub;
mod relay;
mod streaming;

use clap::{Args, ValueEnum};

use crate::Failure;

/// Serve a denominator
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    kind: Kind,
    /// The address to listen on
    bind: String,
    /// The brokers of the relay
    #[arg(long, required_if_eq("kind", "relay"), default_value = "")]
    brokers: String,
    /// The topic of the relay
    #[arg(long, required_if_eq("kind", "relay"), default_value = "")]
    topic: String,
}

/// A denominator.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// actix: `GET /` answers a small JSON; `POST /events` parses NDJSON and counts the lines
    Handlers,
    /// actix: `POST /events` answers when Kafka has acknowledged each line, as it came
    Relay,
    /// actix: `GET /` streams what `POST /` publishes
    Streaming,
    /// The same from one thread, without a task or a buffer for a stream
    Hub,
}

/// Serves until the process is killed.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    match options.kind {
        Kind::Handlers => handlers::serve(&options.bind).await,
        Kind::Relay => relay::serve(&options.bind, &options.brokers, &options.topic).await,
        Kind::Streaming => streaming::serve(&options.bind).await,
        Kind::Hub => hub::serve(&options.bind),
    }
}
