use crate::{
    ledger::{Group, HeldLease, Range},
    world::Platform,
};

/// A member of the group that writes to the archive.
#[derive(Clone, Debug, Default)]
pub(crate) enum ArchiveMember {
    /// Has no lease.
    #[default]
    Idle,
    /// Has the lease of the partition; reads the log of this number.
    Holding(HeldLease, u16),
    /// Has a planned object.
    Planned(HeldLease, u16, Range),
    /// Has put the object.
    Put(HeldLease, u16, Range),
}

impl ArchiveMember {
    pub(crate) fn step(self, platform: &mut Platform, size: u64) -> Self {
        match self {
            Self::Idle => {
                let generation = platform.generation();
                let (held, planned) = platform.ledger.take(Group::Archive, generation);
                let number = platform.log.number();
                match planned {
                    Some(plan) => Self::Planned(held, number, plan.range),
                    None => Self::Holding(held, number),
                }
            }
            Self::Holding(held, number) => {
                let Some(end) = platform.end_of_log(number) else {
                    return Self::Idle;
                };
                let end = end.min(held.next + size);
                if held.next >= end {
                    return Self::Holding(held, number);
                }
                let range = held.next..=end - 1;
                match platform.ledger.plan(held, &range, platform.guards) {
                    true => Self::Planned(held, number, range),
                    false => Self::Idle,
                }
            }
            Self::Planned(held, number, range) => {
                let records = platform.log.records(number, *range.start()..range.end() + 1);
                match platform.archive.put(held.generation, &range, records) {
                    true => Self::Put(held, number, range),
                    false => Self::Idle,
                }
            }
            Self::Put(held, number, range) => {
                match platform.ledger.mark(held, &range, platform.guards) {
                    true => Self::Holding(HeldLease { next: range.end() + 1, ..held }, number),
                    false => Self::Idle,
                }
            }
        }
    }
}
