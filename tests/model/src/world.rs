use std::collections::BTreeMap;

use crate::{
    archive::Archive,
    guards::{Guard, Guards},
    history::Step,
    ledger::{Group, Ledger},
    log::{Event, Log},
    members::{ArchiveMember, LiveMember, Rebuilder, StoreMember},
    redis::Redis,
    warehouse::Warehouse,
};

/// Members of each group.
pub(crate) const MEMBERS: usize = 3;

/// Enough rounds for one member of each group to finish any history.
const STEPS_TO_FINISH: usize = 500;

/// The data that remains when every process dies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platform {
    pub(crate) guards: Guards,
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    pub(crate) warehouse: Warehouse,
    pub(crate) redis: Redis,
    pub(crate) archive: Archive,
}

impl Platform {
    /// Returns the generation of the current log.
    pub(crate) fn generation(&self) -> u16 {
        if self.guards.has(Guard::Generation) { self.log.number() } else { 0 }
    }

    /// Returns the offset after the last record of log `number`, or `None` when the topic was
    /// recreated since: a member that reads the old log then gives up its lease.
    pub(crate) fn end_of_log(&self, number: u16) -> Option<u64> {
        (number == self.log.number()).then(|| self.log.end())
    }

    /// Returns whether every group has read the whole log.
    fn is_finished(&self) -> bool {
        let generation = self.generation();
        [Group::Store, Group::Live, Group::Archive].into_iter().all(|group| {
            self.ledger.next(group, generation) >= self.log.end()
                && !self.ledger.has_planned(group, generation)
        })
    }
}

/// The platform and the members of all groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    platform: Platform,
    store: [StoreMember; MEMBERS],
    live: [LiveMember; MEMBERS],
    archive: [ArchiveMember; MEMBERS],
    rebuilders: [Rebuilder; MEMBERS],
}

impl World {
    pub(crate) fn new(guards: Guards) -> Self {
        Self { platform: Platform { guards, ..Platform::default() }, ..Self::default() }
    }

    pub(crate) fn step(&mut self, step: &Step) {
        let platform = &mut self.platform;
        match *step {
            Step::Append(id) => platform.log.append(id),
            Step::Store(member, size) => {
                advance(&mut self.store, member, |one| one.step(platform, size.into()));
            }
            Step::Live(member, size) => {
                advance(&mut self.live, member, |one| one.step(platform, size.into()));
            }
            Step::Archive(member, size) => {
                advance(&mut self.archive, member, |one| one.step(platform, size.into()));
            }
            Step::Rebuild(member) => {
                advance(&mut self.rebuilders, member, |one| one.step(platform));
            }
            Step::Crash(member) => self.crash(member),
            Step::InsertFinishes => platform.warehouse.finish_insert(),
            Step::ServerKilled(fate) => platform.warehouse.kill(fate),
            Step::AnswersLost => platform.warehouse.lose_answers(),
            Step::RedisRolledBack(writes) => platform.redis.roll_back(writes.into()),
            Step::RedisWiped => platform.redis.wipe(),
            Step::LedgerRestored(writes) => self.restore_ledger(writes.into()),
            Step::TopicRecreated => self.recreate_topic(),
        }
    }

    fn crash(&mut self, member: usize) {
        advance(&mut self.store, member, |_| StoreMember::Idle);
        advance(&mut self.live, member, |_| LiveMember::Idle);
        advance(&mut self.archive, member, |_| ArchiveMember::Idle);
        advance(&mut self.rebuilders, member, |_| Rebuilder::Idle);
    }

    /// An operator stops the processors, restores PostgreSQL, and starts them again.
    fn restore_ledger(&mut self, writes: usize) {
        (0..MEMBERS).for_each(|member| self.crash(member));
        self.platform.warehouse.kill(crate::warehouse::Fate::Both);
        self.platform.ledger.restore(writes);
    }

    /// A log may be deleted only when every group has read all of it: member 0 of each group reads
    /// the rest first, and PostgreSQL is never restored to a state before that.
    fn recreate_topic(&mut self) {
        self.finish();
        if !self.platform.is_finished() || self.platform.log.end() == 0 {
            return;
        }
        self.platform.log.recreate();
        self.platform.ledger.drop_history();
        if !self.platform.guards.has(Guard::Generation) {
            let generation = self.platform.generation();
            self.platform.ledger.reset_offsets(generation);
        }
    }

    /// Finishes all work. Fails with what is wrong then.
    pub(crate) fn verdict(mut self) -> Result<(), String> {
        (1..MEMBERS).for_each(|member| self.crash(member));
        self.finish();
        let Platform { log, warehouse, redis, ledger, archive, .. } = &self.platform;
        if !self.platform.is_finished() {
            return Err("the work does not finish".to_owned());
        }
        rows_are_exact(log, warehouse)?;
        counters_are_exact(log, redis)?;
        archive_is_whole(log, ledger, archive)
    }

    fn finish(&mut self) {
        for _ in 0..STEPS_TO_FINISH {
            for step in [
                Step::Store(0, 8),
                Step::Live(0, 8),
                Step::Live(0, 0),
                Step::Archive(0, 8),
                Step::Rebuild(0),
                Step::InsertFinishes,
            ] {
                self.step(&step);
            }
            if self.platform.is_finished() && self.platform.redis.missing_before().is_none() {
                break;
            }
        }
    }
}

fn advance<T: Default>(members: &mut [T], member: usize, step: impl FnOnce(T) -> T) {
    if let Some(one) = members.get_mut(member) {
        *one = step(std::mem::take(one));
    }
}

fn rows_are_exact(log: &Log, warehouse: &Warehouse) -> Result<(), String> {
    let mut found = BTreeMap::<Event, usize>::new();
    for event in warehouse.rows().values().flatten() {
        *found.entry(*event).or_default() += 1;
    }
    once_each(log, "ClickHouse", |event| found.get(&event).copied().unwrap_or_default())?;
    let expected = log.everything().len();
    match found.len() == expected {
        true => Ok(()),
        false => Err(format!("ClickHouse has {} events, not {expected}", found.len())),
    }
}

fn counters_are_exact(log: &Log, redis: &Redis) -> Result<(), String> {
    let counters = redis.counters();
    once_each(log, "Redis", |event| counters.get(&event).map_or(0, |count| *count as usize))
}

fn once_each(log: &Log, store: &str, count: impl Fn(Event) -> usize) -> Result<(), String> {
    for (number, offset, event) in log.everything() {
        let found = count(event);
        if found != 1 {
            return Err(format!("{store} has offset {offset} of log {number} {found} times"));
        }
    }
    Ok(())
}

/// Checks that the objects of the manifest have no gap between them and hold the log's records.
fn archive_is_whole(log: &Log, ledger: &Ledger, archive: &Archive) -> Result<(), String> {
    for (number, length) in log.lengths().into_iter().enumerate() {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let mut next = 0;
        for (_, range) in ledger.manifest().iter().filter(|(generation, _)| *generation == number) {
            let records = log.records(number, *range.start()..range.end() + 1);
            if *range.start() != next || archive.object(number, range) != Some(&records[..]) {
                return Err(format!("the archive is wrong at offset {next} of log {number}"));
            }
            next = range.end() + 1;
        }
        if next != length {
            return Err(format!("the archive of log {number} ends at {next}, not {length}"));
        }
    }
    Ok(())
}
