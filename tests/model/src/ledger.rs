use std::{collections::BTreeMap, ops::RangeInclusive};

use crate::guards::{Guard, Guards};

/// A consumer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Store,
    Live,
    Archive,
}

/// A range of offsets, both ends included.
pub(crate) type Range = RangeInclusive<u64>;

/// The number of older states that a restore can return to.
const MAX_HISTORY: usize = 12;

/// The data in PostgreSQL.
#[derive(Clone, Debug, Default)]
struct State {
    /// By group and generation.
    leases: BTreeMap<(Group, u16), Lease>,
    /// Objects of the archive with their generation.
    manifest: Vec<(u16, Range)>,
}

#[derive(Clone, Debug, Default)]
struct Lease {
    epoch: u64,
    next: u64,
    planned: Option<Plan>,
}

/// A planned batch.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) range: Range,
    /// The epoch of the lease under which it was planned.
    pub(crate) epoch: u64,
}

/// A lease of the partition, as its holder knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldLease {
    pub(crate) group: Group,
    pub(crate) generation: u16,
    pub(crate) epoch: u64,
    pub(crate) next: u64,
}

/// Leases, plans and marks, with their older states.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    state: State,
    older: Vec<State>,
    /// Epochs follow the clock, so that a restore does not repeat one.
    clock: u64,
}

impl Ledger {
    pub(crate) fn take(&mut self, group: Group, generation: u16) -> (HeldLease, Option<Plan>) {
        self.clock += 1;
        let clock = self.clock;
        self.change(|state| {
            let lease = state.leases.entry((group, generation)).or_default();
            lease.epoch = clock;
            let held = HeldLease { group, generation, epoch: lease.epoch, next: lease.next };
            (held, lease.planned.clone())
        })
    }

    /// Plans a batch. Refused when another member has the lease or the batch is not the next.
    pub(crate) fn plan(&mut self, held: HeldLease, range: &Range, guards: Guards) -> bool {
        self.write(held, guards, |lease| {
            let follows = lease.next == *range.start() && lease.planned.is_none();
            if follows {
                lease.planned = Some(Plan { range: range.clone(), epoch: held.epoch });
            }
            follows
        })
    }

    /// Marks the planned batch. Refused on the same conditions as a plan.
    pub(crate) fn mark(&mut self, held: HeldLease, range: &Range, guards: Guards) -> bool {
        let marked = self.write(held, guards, |lease| {
            let is_planned = lease.planned.as_ref().is_some_and(|plan| plan.range == *range);
            let planned = is_planned && lease.next == *range.start();
            if planned {
                (lease.next, lease.planned) = (range.end() + 1, None);
            }
            planned
        });
        if marked && held.group == Group::Archive {
            self.state.manifest.push((held.generation, range.clone()));
        }
        marked
    }

    /// Saves the offset of a group that keeps its own fence.
    pub(crate) fn advance(&mut self, held: HeldLease, next: u64, guards: Guards) -> bool {
        self.write(held, guards, |lease| {
            lease.next = lease.next.max(next);
            true
        })
    }

    pub(crate) fn next(&self, group: Group, generation: u16) -> u64 {
        self.state.leases.get(&(group, generation)).map_or(0, |lease| lease.next)
    }

    pub(crate) fn has_planned(&self, group: Group, generation: u16) -> bool {
        self.state.leases.get(&(group, generation)).is_some_and(|lease| lease.planned.is_some())
    }

    pub(crate) fn manifest(&self) -> &[(u16, Range)] {
        &self.state.manifest
    }

    /// Restores the state before this many writes.
    pub(crate) fn restore(&mut self, writes: usize) {
        let keep = self.older.len().saturating_sub(writes);
        if let Some(older) = self.older.get(keep) {
            self.state = older.clone();
            self.older.truncate(keep);
        }
    }

    /// Prevents restores to states before this moment.
    pub(crate) fn drop_history(&mut self) {
        self.older.clear();
    }

    /// Resets the offsets to 0: without generations, a recreated topic needs that.
    pub(crate) fn reset_offsets(&mut self, generation: u16) {
        self.change(|state| {
            for group in [Group::Store, Group::Live, Group::Archive] {
                state.leases.entry((group, generation)).or_default().next = 0;
            }
        });
    }

    fn write(
        &mut self,
        held: HeldLease,
        guards: Guards,
        act: impl FnOnce(&mut Lease) -> bool,
    ) -> bool {
        self.change(|state| {
            let Some(lease) = state.leases.get_mut(&(held.group, held.generation)) else {
                return false;
            };
            let holds = lease.epoch == held.epoch || !guards.has(Guard::Epoch);
            holds && act(lease)
        })
    }

    fn change<T>(&mut self, act: impl FnOnce(&mut State) -> T) -> T {
        if self.older.len() == MAX_HISTORY {
            self.older.remove(0);
        }
        self.older.push(self.state.clone());
        act(&mut self.state)
    }
}
