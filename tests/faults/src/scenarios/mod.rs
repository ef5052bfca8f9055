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

use std::{collections::BTreeMap, process::ExitCode, time::Instant};

use chrono::Utc;

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
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, figures: BTreeMap::new() }
    }
}

/// Runs what the command line asks for.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut results = Results::open(&options.results)?;
    if matches!(options.command, Command::Report) {
        say(&table(&results.records));
        return Ok(ExitCode::SUCCESS);
    }
    let all = pieces(&options)?;
    let (mut run, mut bad) = (Vec::new(), 0);
    for piece in all {
        let (faults, number) = (piece.faults(), piece.number);
        if options.resume && results.has(piece.table, faults, options.seed, number, piece.tries) {
            continue;
        }
        say(&format!("{} {faults}: piece {number}, {} tries …", piece.table, piece.tries));
        let began = Instant::now();
        match one(&piece).await {
            Ok(Outcome { verdict, figures }) => {
                let record = Record {
                    table: piece.table.to_owned(),
                    faults: faults.to_owned(),
                    seed: options.seed,
                    piece: number,
                    tries: piece.tries,
                    posts: verdict.answers.posts,
                    events: verdict.events,
                    differences: verdict.differences,
                    caught_up_seconds: verdict.caught_up.as_secs_f64(),
                    seconds: began.elapsed().as_secs_f64(),
                    figures,
                    commit: results.commit.clone(),
                    finished_at: Utc::now(),
                };
                say(&summary(&record));
                bad += usize::from(!record.differences.none());
                results.add(record.clone())?;
                run.push(record);
            }
            Err(failure) => {
                bad += 1;
                say(&format!("{} {faults}: not run to its end: {failure}", piece.table));
            }
        }
    }
    say(&format!("\n{}", table(&run)));
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn one(piece: &Piece) -> Result<Outcome, Failure> {
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
