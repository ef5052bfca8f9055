//! The denominators' servers, as small as they can be. Each runs as a process of its own.

mod handlers;
mod hub;
mod streaming;

use clap::{Args, ValueEnum};

use crate::Failure;

/// Serve a denominator
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    kind: Kind,
    /// The address to listen on
    bind: String,
}

/// A denominator.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// actix: `GET /` answers a small JSON; `POST /events` parses NDJSON and counts the lines
    Handlers,
    /// actix: `GET /` streams what `POST /` publishes
    Streaming,
    /// The same from one thread, without a task or a buffer for a stream
    Hub,
}

/// Serves until the process is killed.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    match options.kind {
        Kind::Handlers => handlers::serve(&options.bind).await,
        Kind::Streaming => streaming::serve(&options.bind).await,
        Kind::Hub => hub::serve(&options.bind),
    }
}
