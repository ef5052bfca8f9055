//! What is broken, table by table.

mod aborts;
mod disks;
mod histories;
mod kills;
mod links;
mod network;
mod outages;
mod piece;
mod rebalances;
mod resends;
mod soak;
mod zombies;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    process::ExitCode,
    time::{Duration, Instant},
};

use chrono::Utc;
use futures::{FutureExt, StreamExt, stream};

use crate::{
    Failure,
    options::{Command, Options},
    report::{Record, Results, say, table},
    stack::Stack,
    stand::Verdict,
};
use piece::{Piece, Work, pieces};

/// What a piece came to.
pub(crate) struct Outcome {
    verdict: Verdict,
    figures: BTreeMap<String, f64>,
    took: Duration,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, figures: BTreeMap::new(), took: Duration::ZERO }
    }
}

impl Outcome {
    fn record(self, piece: &Piece, commit: &str) -> Record {
        let Self { verdict, figures, took } = self;
        Record {
            table: piece.table.to_owned(),
            faults: piece.faults().to_owned(),
            seed: piece.run_seed,
            piece: piece.number,
            tries: piece.tries,
            posts: verdict.answers.posts,
            events: verdict.events,
            unanswered: verdict.answers.lost,
            refused: verdict.answers.refused,
            differences: verdict.differences,
            caught_up_seconds: verdict.caught_up.as_secs_f64(),
            seconds: took.as_secs_f64(),
            figures,
            commit: commit.to_owned(),
            finished_at: Utc::now(),
        }
    }
}

/// Runs what the command line asks for.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut results = Results::open(&options.results)?;
    if matches!(options.command, Command::Report) {
        say(&table(&results.records));
        return Ok(ExitCode::SUCCESS);
    }
    let was_run = |piece: &Piece| {
        options.resume
            && results.has(piece.table, piece.faults(), options.seed, piece.number, piece.tries)
    };
    let to_run = pieces(&options)?.into_iter().filter(|piece| !was_run(piece));
    let (alone, others): (Vec<_>, Vec<_>) =
        to_run.partition(|piece| piece.work.wants_to_be_alone());
    let (mut run, mut bad) = (Vec::new(), 0);
    for (pieces, at_once) in [(others, options.at_once.into()), (alone, 1)] {
        let mut ended = stream::iter(pieces).map(one).buffer_unordered(at_once);
        while let Some((piece, outcome)) = ended.next().await {
            match outcome {
                Ok(outcome) => {
                    let record = outcome.record(&piece, &results.commit);
                    say(&summary(&record));
                    bad += usize::from(!record.differences.none());
                    results.add(record.clone())?;
                    run.push(record);
                }
                Err(failure) => {
                    bad += 1;
                    let (table, faults, number) = (piece.table, piece.faults(), piece.number);
                    say(&format!(
                        "{table} {faults}: piece {number} did not come to its end: {failure}"
                    ));
                }
            }
        }
    }
    say(&format!("\n{}", table(&run)));
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn one(piece: Piece) -> (Piece, Result<Outcome, Failure>) {
    let (table, faults, number, tries) = (piece.table, piece.faults(), piece.number, piece.tries);
    say(&format!("{table} {faults}: piece {number}, {tries} tries …"));
    let began = Instant::now();
    // What the test kit asserts ends this piece only.
    let outcome = AssertUnwindSafe(outcome(&piece)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| Err("it panicked, see above".into()));
    (piece, outcome.map(|outcome| Outcome { took: began.elapsed(), ..outcome }))
}

async fn outcome(piece: &Piece) -> Result<Outcome, Failure> {
    let stack = Stack::of_environment;
    match piece.work {
        Work::Abort(step) => aborts::run(step, piece).await,
        Work::Kill(victim) => kills::run(&stack()?, victim, piece).await,
        Work::Zombie(step) => zombies::run(step, piece).await,
        Work::LateZombie => zombies::beyond_the_window(piece).await,
        Work::Rebalance => rebalances::run(piece).await,
        Work::Network(link) => network::run(link, piece).await,
        Work::Resend => resends::run(piece).await,
        Work::Outage(outage) => outages::run(&stack()?, outage, piece).await,
        Work::Disk(disk) => disks::run(&stack()?, disk, piece).await,
        Work::Histories => histories::run(piece),
        Work::Soak => soak::run(&stack()?, piece).await,
    }
}

fn summary(record: &Record) -> String {
    let mut text = format!(
        "{} {}: {} tries, {} requests, {} events accepted, {} lost, {} doubled, caught up in {:.1} s, \
         seed {}, commit {}, {:.0} s",
        record.table,
        record.faults,
        record.tries,
        record.posts,
        record.events,
        record.differences.lost,
        record.differences.doubled,
        record.caught_up_seconds,
        record.seed,
        record.commit,
        record.seconds,
    );
    for (name, value) in &record.figures {
        text += &format!("\n  {name}: {value:.1}");
    }
    for described in &record.differences.described {
        text += &format!("\n  {described}");
    }
    text
}
