use crate::{
    ledger::{Group, Held},
    log::Event,
    redis::Outcome,
    world::Platform,
};

/// A member of the group that writes to Redis.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum LiveMember {
    /// Owns nothing.
    #[default]
    Idle,
    /// Owns the partition.
    Holding {
        /// Its lease.
        held: Held,
        /// The log that it reads.
        number: u16,
        /// The first offset of the next batch.
        next: u64,
    },
}

impl LiveMember {
    /// A step with a batch of `size`; with none, what is done while nothing arrives.
    pub(crate) fn step(self, platform: &mut Platform, size: u64) -> Self {
        match self {
            Self::Idle => take(platform),
            Self::Holding { held, number, next } => {
                let Some(end) = platform.end_of(number) else {
                    return Self::Idle;
                };
                let end = end.min(next + size);
                if next < end {
                    apply(platform, held, number, next..end)
                } else {
                    note(platform, held, number, next)
                }
            }
        }
    }
}

fn take(platform: &mut Platform) -> LiveMember {
    let kgen = platform.kgen();
    let (held, _) = platform.ledger.take(Group::Live, kgen);
    let next = match platform.redis.fence(kgen) {
        Some(fence) => fence.min(held.next),
        None => held.next,
    };
    platform.redis.start_chain(kgen, next);
    LiveMember::Holding { held, number: platform.log.number(), next }
}

fn apply(
    platform: &mut Platform,
    held: Held,
    number: u16,
    range: std::ops::Range<u64>,
) -> LiveMember {
    let events = platform.log.first_copies(number, range.clone());
    let (first, last, guards) = (range.start, range.end - 1, platform.guards);
    let next = match platform.redis.apply(held.kgen, first, last, &events, guards) {
        Outcome::Applied | Outcome::AlreadyApplied => Some(range.end),
        // Cut where the fence lies within the batch; elsewhere Redis lost writes.
        Outcome::ChainBroken => platform.redis.fence(held.kgen).filter(|at| range.contains(at)),
    };
    match next {
        Some(next) => LiveMember::Holding { held, number, next },
        None => LiveMember::Idle,
    }
}

fn note(platform: &mut Platform, held: Held, number: u16, next: u64) -> LiveMember {
    if next > held.next && !platform.ledger.advance(held, next, platform.guards) {
        return LiveMember::Idle;
    }
    match platform.redis.fence(held.kgen) {
        Some(fence) if fence >= next => {
            LiveMember::Holding { held: Held { next: held.next.max(next), ..held }, number, next }
        }
        _ => LiveMember::Idle,
    }
}

/// Adds to new counters what lies before their start.
#[derive(Clone, Debug, Default)]
pub(crate) enum Rebuilder {
    /// Does nothing.
    #[default]
    Idle,
    /// Has asked ClickHouse for what lies before this offset of this generation.
    Adding(u16, u64, Vec<Event>),
}

impl Rebuilder {
    pub(crate) fn step(self, platform: &mut Platform) -> Self {
        match self {
            Self::Idle => match platform.redis.lacks_before() {
                // ClickHouse must have all of it first.
                Some((kgen, start)) if platform.ledger.next(Group::Store, kgen) >= start => {
                    Self::Adding(kgen, start, platform.warehouse.below(kgen, start))
                }
                _ => Self::Idle,
            },
            Self::Adding(kgen, start, base) => {
                platform.redis.add_base(kgen, start, &base);
                Self::Idle
            }
        }
    }
}
