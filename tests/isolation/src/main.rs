#![doc = include_str!("../README.md")]

mod ciphertexts;
mod erased;
mod figures;
mod fuzz;
mod neighbour;
mod options;
mod probes;
mod report;
mod routes;
mod sequences;
mod slow;
mod stand;
mod streams;
mod tokens;

use std::{error::Error, process::ExitCode, time::Instant};

use clap::Parser;

use figures::Outcome;
use options::{Options, Piece};
use report::{Recorded, commit, print_line, record};

/// An error that ends a piece.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let options = Options::parse();
    let commit = commit()?;
    let mut failed = false;
    for piece in options.chosen() {
        print_line(&format!("{piece}: size {}, seed {} …", options.size, options.seed));
        let began = Instant::now();
        let outcome = run(piece, &options).await?;
        let seconds = began.elapsed().as_secs();
        print_line(&format!("{piece}: {} in {seconds} s", outcome.figures()));
        for finding in outcome.findings() {
            print_line(&format!("  {finding}"));
        }
        failed |= outcome.has_findings();
        if let Some(document) = &options.record {
            let row = Recorded { piece, commit: &commit, options: &options, seconds };
            record(document, &row.row(&outcome))?;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn run(piece: Piece, options: &Options) -> Result<Outcome, Failure> {
    match piece {
        Piece::Probes => probes::run(options).await,
        Piece::Sequences => sequences::run(options).await,
        Piece::Streams => streams::run(options).await,
        Piece::Tokens => tokens::run(options).await,
        Piece::Ciphertexts => ciphertexts::run(options).await,
        Piece::Fuzz => fuzz::run(options).await,
        Piece::Neighbour => neighbour::run(options).await,
        Piece::Slow => slow::run(options).await,
        Piece::Erased => erased::run(options).await,
    }
}
