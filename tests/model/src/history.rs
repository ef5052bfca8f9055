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

/// So few ids that many are sent again.
const IDS: Id = 24;

/// What a history is made of. Members are numbered from 0; a member that gets no step for long is a
/// frozen one, and a zombie when another has taken the lease meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// An event comes into the log.
    Append(Id),
    /// A member of the store sink takes its next step, with batches of this many records.
    Store(usize, u8),
    /// A member of the live sink does.
    Live(usize, u8),
    /// A member of the archive sink does.
    Archive(usize, u8),
    /// Counters that were begun anew are completed from ClickHouse: one step of it.
    Rebuild(usize),
    /// The processes of this number are killed.
    Crash(usize),
    /// ClickHouse comes to the end of an insert.
    ServerWorks,
    /// ClickHouse is killed; what becomes of the inserts that run.
    ServerDies(Fate),
    /// The connections to ClickHouse break.
    AnswersLost,
    /// Redis is put back by this many writes.
    RedisForgets(u8),
    /// Redis loses everything.
    RedisWiped,
    /// PostgreSQL is put back by this many writes.
    LedgerRestored(u8),
    /// The topic is deleted and made again, once all of it was read.
    TopicMadeAnew,
}

/// Histories that ended well.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// How many.
    pub histories: u64,
    /// Steps of all of them.
    pub steps: u64,
}

/// The shortest history found that ends with something lost or doubled.
#[derive(Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What was wrong in the end.
    pub wrong: String,
    /// What had happened.
    pub history: String,
    /// Steps of all histories until it was found.
    pub steps: u64,
}

/// Runs random histories until they have `steps` steps together, or one ends badly.
///
/// # Errors
/// The history that ended badly, shortened as far as it still does.
pub fn run(steps: u64, seed: u64, guards: Guards) -> Result<Report, Box<Counterexample>> {
    let (done, histories) = (Cell::new(0), Cell::new(0));
    let mut runner = runner(seed, 0);
    let mut round = 0;
    while done.get() < steps {
        let ran = runner.run(&vec(step(), 1..LONGEST), |history| {
            done.set(done.get() + history.len() as u64);
            histories.set(histories.get() + 1);
            end_of(&history, guards).map_err(TestCaseError::fail)
        });
        if let Err(error) = ran {
            return Err(Box::new(counterexample(error, done.get())));
        }
        round += 1;
        runner = self::runner(seed, round);
    }
    Ok(Report { histories: histories.get(), steps: done.get() })
}

/// What is wrong after a history and everything that was left to do.
fn end_of(history: &[Step], guards: Guards) -> Result<(), String> {
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

/// The same histories for the same seed.
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
        8 => Just(Step::ServerWorks),
        6 => fate.prop_map(Step::ServerDies),
        2 => Just(Step::AnswersLost),
        2 => (1_u8..10).prop_map(Step::RedisForgets),
        1 => Just(Step::RedisWiped),
        3 => (1_u8..10).prop_map(Step::LedgerRestored),
        2 => Just(Step::TopicMadeAnew),
    ]
}
