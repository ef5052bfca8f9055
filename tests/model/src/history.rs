use std::cell::Cell;

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use crate::{
    guards::Guards,
    log::Id,
    warehouse::Fate,
    world::{MEMBERS, World},
};

/// The most steps of one history.
const LONGEST: usize = 160;

/// Number of event ids: few, so that many are sent again.
const IDS: Id = 24;

/// One step of a history. Members are numbered from 0. A member without a step for long is frozen,
/// and a zombie once another member has taken the lease.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// An event is appended to the log.
    Append(Id),
    /// A member of the store group takes its next step, with batches of this many records.
    Store(usize, u8),
    /// A member of the live group takes its next step.
    Live(usize, u8),
    /// A member of the archive group takes its next step.
    Archive(usize, u8),
    /// One step of the rebuild that completes new counters from ClickHouse.
    Rebuild(usize),
    /// The processes of this number are killed.
    Crash(usize),
    /// ClickHouse finishes an insert.
    InsertFinishes,
    /// ClickHouse is killed, with this fate of the running inserts.
    ServerKilled(Fate),
    /// The connections to ClickHouse break.
    AnswersLost,
    /// Redis is rolled back by this many writes.
    RedisRolledBack(u8),
    /// Redis loses all data.
    RedisWiped,
    /// PostgreSQL is restored to the state before this many writes.
    LedgerRestored(u8),
    /// The topic is deleted and recreated, once all of it was read.
    TopicRecreated,
}

/// The histories of a run without a counterexample.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Number of histories.
    pub histories: u64,
    /// Steps of all histories.
    pub steps: u64,
}

/// The shortest history found that loses or doubles an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What was wrong at the end.
    pub wrong: String,
    /// The steps of the history.
    pub history: String,
    /// Steps of all histories until this one was found.
    pub steps: u64,
}

/// Runs random histories until they have `steps` steps together, or one fails.
///
/// # Errors
/// The history that failed, shortened as far as it still fails.
pub fn run(steps: u64, seed: u64, guards: Guards) -> Result<Report, Box<Counterexample>> {
    let done = Cell::new(0);
    let histories = Cell::new(0);
    let mut runner = runner(seed, 0);
    let mut round = 0;
    while done.get() < steps {
        let ran = runner.run(&vec(step(), 1..LONGEST), |history| {
            done.set(done.get() + history.len() as u64);
            histories.set(histories.get() + 1);
            run_history(&history, guards).map_err(TestCaseError::fail)
        });
        if let Err(error) = ran {
            return Err(Box::new(counterexample(error, done.get())));
        }
        round += 1;
        runner = self::runner(seed, round);
    }
    Ok(Report { histories: histories.get(), steps: done.get() })
}

/// Runs a history and the remaining work. Fails with what is wrong then.
fn run_history(history: &[Step], guards: Guards) -> Result<(), String> {
    let mut world = World::new(guards);
    history.iter().for_each(|step| world.step(step));
    world.verdict()
}

fn counterexample(error: TestError<Vec<Step>>, steps: u64) -> Counterexample {
    match error {
        TestError::Fail(reason, history) => {
            Counterexample { wrong: reason.to_string(), history: format!("{history:?}"), steps }
        }
        TestError::Abort(reason) => {
            Counterexample { wrong: reason.to_string(), history: String::new(), steps }
        }
    }
}

/// Returns a runner of the same histories for the same seed and round.
fn runner(seed: u64, round: u64) -> TestRunner {
    let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    for (place, byte) in
        bytes.iter_mut().zip(seed.to_le_bytes().into_iter().chain(round.to_le_bytes()))
    {
        *place = byte;
    }
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn step() -> impl Strategy<Value = Step> {
    let member = || 0..MEMBERS;
    let size = || 0_u8..5;
    let fate = prop_oneof![Just(Fate::Nothing), Just(Fate::TokenOnly), Just(Fate::Both)];
    prop_oneof![
        12 => (0..IDS).prop_map(Step::Append),
        24 => (member(), size()).prop_map(|(member, size)| Step::Store(member, size)),
        12 => (member(), size()).prop_map(|(member, size)| Step::Live(member, size)),
        8 => (member(), size()).prop_map(|(member, size)| Step::Archive(member, size)),
        4 => member().prop_map(Step::Rebuild),
        4 => member().prop_map(Step::Crash),
        8 => Just(Step::InsertFinishes),
        6 => fate.prop_map(Step::ServerKilled),
        2 => Just(Step::AnswersLost),
        2 => (1_u8..10).prop_map(Step::RedisRolledBack),
        1 => Just(Step::RedisWiped),
        3 => (1_u8..10).prop_map(Step::LedgerRestored),
        2 => Just(Step::TopicRecreated),
    ]
}
