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

/// So many steps are enough for one member of each group to come to the end of any history.
const TO_THE_END: usize = 500;

/// What stays when every process dies.
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
    /// The generation of the log that the topic is now.
    pub(crate) fn kgen(&self) -> u16 {
        if self.guards.stands(Guard::Generation) { self.log.number() } else { 0 }
    }

    /// One past the last record of log `number`; `None` when the topic is another one by now: whoever
    /// still reads this one lets go of it.
    pub(crate) fn end_of(&self, number: u16) -> Option<u64> {
        (number == self.log.number()).then(|| self.log.end())
    }

    /// Whether every group has come to the end of the log.
    fn is_done(&self) -> bool {
        let kgen = self.kgen();
        [Group::Store, Group::Live, Group::Archive].into_iter().all(|group| {
            self.ledger.next(group, kgen) >= self.log.end() && !self.ledger.has_planned(group, kgen)
        })
    }
}

/// The platform and everyone who works on it.
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
            Step::ServerWorks => platform.warehouse.work(),
            Step::ServerDies(fate) => platform.warehouse.die(fate),
            Step::AnswersLost => platform.warehouse.lose_answers(),
            Step::RedisForgets(writes) => platform.redis.forget(writes.into()),
            Step::RedisWiped => platform.redis.wipe(),
            Step::LedgerRestored(writes) => self.restore_ledger(writes.into()),
            Step::TopicMadeAnew => self.make_topic_anew(),
        }
    }

    fn crash(&mut self, member: usize) {
        advance(&mut self.store, member, |_| StoreMember::Idle);
        advance(&mut self.live, member, |_| LiveMember::Idle);
        advance(&mut self.archive, member, |_| ArchiveMember::Idle);
        advance(&mut self.rebuilders, member, |_| Rebuilder::Idle);
    }

    /// An operator stops the processors, puts PostgreSQL back, and starts them again.
    fn restore_ledger(&mut self, writes: usize) {
        (0..MEMBERS).for_each(|member| self.crash(member));
        self.platform.warehouse.die(crate::warehouse::Fate::Both);
        self.platform.ledger.restore(writes);
    }

    /// Only a log that everyone has read may be thrown away: the members of one number read it to
    /// its end first, and PostgreSQL is not put back to before that.
    fn make_topic_anew(&mut self) {
        self.come_to_the_end();
        if !self.platform.is_done() || self.platform.log.end() == 0 {
            return;
        }
        self.platform.log.make_anew();
        self.platform.ledger.forget_earlier();
        if !self.platform.guards.stands(Guard::Generation) {
            let kgen = self.platform.kgen();
            self.platform.ledger.begin_again(kgen);
        }
    }

    /// Lets everything come to its end, and says what is wrong then.
    pub(crate) fn verdict(mut self) -> Result<(), String> {
        (1..MEMBERS).for_each(|member| self.crash(member));
        self.come_to_the_end();
        let Platform { log, warehouse, redis, ledger, archive, .. } = &self.platform;
        if !self.platform.is_done() {
            return Err("the work does not come to its end".to_owned());
        }
        rows_are_exact(log, warehouse)?;
        counters_are_exact(log, redis)?;
        archive_is_whole(log, ledger, archive)
    }

    fn come_to_the_end(&mut self) {
        for _ in 0..TO_THE_END {
            for step in [
                Step::Store(0, 8),
                Step::Live(0, 8),
                Step::Live(0, 0),
                Step::Archive(0, 8),
                Step::Rebuild(0),
                Step::ServerWorks,
            ] {
                self.step(&step);
            }
            if self.platform.is_done() && self.platform.redis.lacks_before().is_none() {
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

fn once_each(log: &Log, place: &str, count: impl Fn(Event) -> usize) -> Result<(), String> {
    for (number, offset, event) in log.everything() {
        let found = count(event);
        if found != 1 {
            return Err(format!("{place} has offset {offset} of log {number} {found} times"));
        }
    }
    Ok(())
}

/// The objects of the manifest follow one another without a gap, and hold what the log held.
fn archive_is_whole(log: &Log, ledger: &Ledger, archive: &Archive) -> Result<(), String> {
    for (number, length) in log.lengths().into_iter().enumerate() {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let mut next = 0;
        for (_, range) in ledger.manifest().iter().filter(|(kgen, _)| *kgen == number) {
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
