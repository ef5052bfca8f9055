use std::{collections::BTreeMap, ops::RangeInclusive};

use crate::guards::{Guard, Guards};

/// A consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Store,
    Live,
    Archive,
}

/// Offsets, both ends included.
pub(crate) type Range = RangeInclusive<u64>;

/// How many states back a restore can go.
const KEPT: usize = 12;

/// What PostgreSQL holds.
#[derive(Clone, Debug, Default)]
struct State {
    /// By group and generation.
    leases: BTreeMap<(Group, u16), Lease>,
    /// Objects of the archive, by generation.
    manifest: Vec<(u16, Range)>,
}

#[derive(Clone, Debug, Default)]
struct Lease {
    epoch: u64,
    next: u64,
    planned: Option<Plan>,
}

/// A batch that was pinned.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) range: Range,
    /// Of the lease that it was pinned under.
    pub(crate) epoch: u64,
}

/// The right to work on the partition, as its holder knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) group: Group,
    pub(crate) kgen: u16,
    pub(crate) epoch: u64,
    pub(crate) next: u64,
}

/// Leases, plans and marks; and what they were before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    state: State,
    before: Vec<State>,
    /// Epochs follow the clock, so that none comes again after a restore.
    clock: u64,
}

impl Ledger {
    pub(crate) fn take(&mut self, group: Group, kgen: u16) -> (Held, Option<Plan>) {
        self.clock += 1;
        let clock = self.clock;
        self.change(|state| {
            let lease = state.leases.entry((group, kgen)).or_default();
            lease.epoch = clock;
            let held = Held { group, kgen, epoch: lease.epoch, next: lease.next };
            (held, lease.planned.clone())
        })
    }

    /// Pins a batch; refused when the lease is another's, or the batch does not come next.
    pub(crate) fn plan(&mut self, held: Held, range: &Range, guards: Guards) -> bool {
        self.write(held, guards, |lease| {
            let follows = lease.next == *range.start() && lease.planned.is_none();
            if follows {
                lease.planned = Some(Plan { range: range.clone(), epoch: held.epoch });
            }
            follows
        })
    }

    /// Marks the planned batch; refused as a plan is.
    pub(crate) fn mark(&mut self, held: Held, range: &Range, guards: Guards) -> bool {
        let marked = self.write(held, guards, |lease| {
            let is_planned = lease.planned.as_ref().is_some_and(|plan| plan.range == *range);
            let planned = is_planned && lease.next == *range.start();
            if planned {
                (lease.next, lease.planned) = (range.end() + 1, None);
            }
            planned
        });
        if marked && held.group == Group::Archive {
            self.state.manifest.push((held.kgen, range.clone()));
        }
        marked
    }

    /// Notes how far a group is that keeps its own fence.
    pub(crate) fn advance(&mut self, held: Held, next: u64, guards: Guards) -> bool {
        self.write(held, guards, |lease| {
            lease.next = lease.next.max(next);
            true
        })
    }

    pub(crate) fn next(&self, group: Group, kgen: u16) -> u64 {
        self.state.leases.get(&(group, kgen)).map_or(0, |lease| lease.next)
    }

    pub(crate) fn has_planned(&self, group: Group, kgen: u16) -> bool {
        self.state.leases.get(&(group, kgen)).is_some_and(|lease| lease.planned.is_some())
    }

    pub(crate) fn manifest(&self) -> &[(u16, Range)] {
        &self.state.manifest
    }

    /// Put back to an older state.
    pub(crate) fn restore(&mut self, writes: usize) {
        let keep = self.before.len().saturating_sub(writes);
        if let Some(older) = self.before.get(keep) {
            self.state = older.clone();
            self.before.truncate(keep);
        }
    }

    /// Nobody puts it back to before this moment.
    pub(crate) fn forget_earlier(&mut self) {
        self.before.clear();
    }

    /// Without generations, whoever makes a topic anew has to begin at its start again.
    pub(crate) fn begin_again(&mut self, kgen: u16) {
        self.change(|state| {
            for group in [Group::Store, Group::Live, Group::Archive] {
                state.leases.entry((group, kgen)).or_default().next = 0;
            }
        });
    }

    fn write(&mut self, held: Held, guards: Guards, act: impl FnOnce(&mut Lease) -> bool) -> bool {
        self.change(|state| {
            let Some(lease) = state.leases.get_mut(&(held.group, held.kgen)) else {
                return false;
            };
            let holds = lease.epoch == held.epoch || !guards.stands(Guard::Epoch);
            holds && act(lease)
        })
    }

    fn change<T>(&mut self, act: impl FnOnce(&mut State) -> T) -> T {
        if self.before.len() == KEPT {
            self.before.remove(0);
        }
        self.before.push(self.state.clone());
        act(&mut self.state)
    }
}
