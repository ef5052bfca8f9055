use crate::{
    ledger::{Group, HeldLease},
    log::Event,
    redis::Outcome,
    world::Platform,
};

/// A member of the group that writes to Redis.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum LiveMember {
    /// Has no lease.
    #[default]
    Idle,
    /// Has the lease of the partition.
    Holding {
        /// Its lease.
        held: HeldLease,
        /// The number of the log that it reads.
        number: u16,
        /// The first offset of the next batch.
        next: u64,
    },
}

impl LiveMember {
    /// Takes a step with a batch of up to `size` records; without records, saves the progress.
    pub(crate) fn step(self, platform: &mut Platform, size: u64) -> Self {
        match self {
            Self::Idle => take(platform),
            Self::Holding { held, number, next } => {
                let Some(end) = platform.end_of_log(number) else {
                    return Self::Idle;
                };
                let end = end.min(next + size);
                if next < end {
                    apply(platform, held, number, next..end)
                } else {
                    save_progress(platform, held, number, next)
                }
            }
        }
    }
}

fn take(platform: &mut Platform) -> LiveMember {
    let generation = platform.generation();
    let (held, _) = platform.ledger.take(Group::Live, generation);
    let next = match platform.redis.fence(generation) {
        Some(fence) => fence.min(held.next),
        None => held.next,
    };
    platform.redis.start_chain(generation, next);
    LiveMember::Holding { held, number: platform.log.number(), next }
}

fn apply(
    platform: &mut Platform,
    held: HeldLease,
    number: u16,
    range: std::ops::Range<u64>,
) -> LiveMember {
    let events = platform.log.first_copies(number, range.clone());
    let first = range.start;
    let last = range.end - 1;
    let guards = platform.guards;
    let next = match platform.redis.apply(held.generation, first, last, &events, guards) {
        Outcome::Applied | Outcome::AlreadyApplied => Some(range.end),
        // With the fence inside the batch, continue at the fence; otherwise Redis lost writes.
        Outcome::ChainBroken => {
            platform.redis.fence(held.generation).filter(|at| range.contains(at))
        }
    };
    match next {
        Some(next) => LiveMember::Holding { held, number, next },
        None => LiveMember::Idle,
    }
}

fn save_progress(platform: &mut Platform, held: HeldLease, number: u16, next: u64) -> LiveMember {
    if next > held.next && !platform.ledger.advance(held, next, platform.guards) {
        return LiveMember::Idle;
    }
    match platform.redis.fence(held.generation) {
        Some(fence) if fence >= next => LiveMember::Holding {
            held: HeldLease { next: held.next.max(next), ..held },
            number,
            next,
        },
        _ => LiveMember::Idle,
    }
}

/// Adds the events before the start of new counters.
#[derive(Clone, Debug, Default)]
pub(crate) enum Rebuilder {
    /// Has nothing to add.
    #[default]
    Idle,
    /// Has read from ClickHouse the events before this offset of this generation.
    Adding(u16, u64, Vec<Event>),
}

impl Rebuilder {
    pub(crate) fn step(self, platform: &mut Platform) -> Self {
        match self {
            Self::Idle => match platform.redis.missing_before() {
                // ClickHouse must have all these events first.
                Some((generation, start))
                    if platform.ledger.next(Group::Store, generation) >= start =>
                {
                    Self::Adding(generation, start, platform.warehouse.below(generation, start))
                }
                _ => Self::Idle,
            },
            Self::Adding(generation, start, base) => {
                platform.redis.add_base(generation, start, &base);
                Self::Idle
            }
        }
    }
}
