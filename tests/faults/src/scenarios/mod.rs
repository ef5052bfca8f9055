//! The scenarios: each breaks the platform in one way.

mod aborts;
mod detours;
mod disks;
mod drills;
mod histories;
mod kills;
mod links;
mod moves;
mod outages;
mod piece;
mod processes;
mod rebalances;
mod recovery;
mod resends;
mod restarts;
mod soak;
mod times;
mod upgrades;
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
    report::{Record, Results, print_line, table},
    stack::Stack,
    stand::Verdict,
};
use piece::{Piece, Work, pieces};

/// The outcome of a piece.
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
            scenario: piece.scenario,
            faults: piece.faults().to_owned(),
            seed: piece.run_seed,
            piece: piece.number,
            tries: piece.tries,
            posts: verdict.answers.posts,
            events: verdict.events,
            unanswered: verdict.answers.unanswered,
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

/// Runs the command of the command line.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut results = Results::open(&options.results)?;
    if matches!(options.command, Command::Report) {
        print_line(&table(&results.records));
        return Ok(ExitCode::SUCCESS);
    }
    let has_result = |piece: &Piece| {
        options.resume
            && results.has(piece.scenario, piece.faults(), options.seed, piece.number, piece.tries)
    };
    let to_run = pieces(&options)?.into_iter().filter(|piece| !has_result(piece));
    let (alone, others): (Vec<_>, Vec<_>) = to_run.partition(|piece| piece.work.runs_alone());
    let mut finished = Vec::new();
    let mut failed = 0;
    for (pieces, at_once) in [(others, options.at_once.into()), (alone, 1)] {
        let mut ended = stream::iter(pieces).map(run_piece).buffer_unordered(at_once);
        while let Some((piece, outcome)) = ended.next().await {
            match outcome {
                Ok(outcome) => {
                    let record = outcome.record(&piece, &results.commit);
                    print_line(&summary(&record));
                    failed += usize::from(!record.differences.none());
                    results.add(record.clone())?;
                    finished.push(record);
                }
                Err(failure) => {
                    failed += 1;
                    let (scenario, faults, number) =
                        (piece.scenario.as_str(), piece.faults(), piece.number);
                    print_line(&format!(
                        "{scenario} {faults}: piece {number} did not finish: {failure}"
                    ));
                }
            }
        }
    }
    print_line(&format!("\n{}", table(&finished)));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_piece(piece: Piece) -> (Piece, Result<Outcome, Failure>) {
    let scenario = piece.scenario.as_str();
    let faults = piece.faults();
    let number = piece.number;
    let tries = piece.tries;
    print_line(&format!("{scenario} {faults}: piece {number}, {tries} tries …"));
    let began = Instant::now();
    // A panic in testkit ends this piece only.
    let outcome = AssertUnwindSafe(run_work(&piece)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| Err("the piece panicked, see above".into()));
    (piece, outcome.map(|outcome| Outcome { took: began.elapsed(), ..outcome }))
}

async fn run_work(piece: &Piece) -> Result<Outcome, Failure> {
    let stack = Stack::from_environment;
    match piece.work {
        Work::Abort(step) => aborts::run(step, piece).await,
        Work::Kill(victim) => kills::run(&stack()?, victim, piece).await,
        Work::Zombie(step) => zombies::run(step, piece).await,
        Work::LateZombie => zombies::beyond_the_window(piece).await,
        Work::Rebalance => rebalances::run(piece).await,
        Work::BreakLink(link) => links::run(link, piece).await,
        Work::Move(step) => moves::run(step, piece).await,
        Work::Resend => resends::run(piece).await,
        Work::Outage(outage) => outages::run(&stack()?, outage, piece).await,
        Work::Disk(disk) => disks::run(&stack()?, disk, piece).await,
        Work::Drill(lost) => drills::run(&stack()?, lost, piece).await,
        Work::Recovery => recovery::run(&stack()?, piece).await,
        Work::Restart => restarts::run(&stack()?, piece).await,
        Work::Upgrade => upgrades::run(&stack()?, piece).await,
        Work::Histories => histories::run(piece),
        Work::Soak => soak::run(&stack()?, piece).await,
    }
}

fn summary(record: &Record) -> String {
    let mut text = format!(
        "{} {}: {} tries, {} requests, {} events accepted, {} lost, {} doubled, caught up in {:.1} s, \
         seed {}, commit {}, {:.0} s",
        record.scenario.as_str(),
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
