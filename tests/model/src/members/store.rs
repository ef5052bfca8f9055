use crate::{
    guards::{Guard, Guards},
    ledger::{Group, Held, Plan},
    log::Event,
    warehouse::{Answer, Token},
    world::Platform,
};

/// A member of the group that writes to ClickHouse.
#[derive(Clone, Debug, Default)]
pub(crate) enum StoreMember {
    /// Owns nothing.
    #[default]
    Idle,
    /// Owns the partition.
    Holding(Claim),
    /// Has a planned batch that was never sent.
    Planned(Batch),
    /// Has sent a batch, for the first time.
    Sent(Batch, u64),
    /// Has a batch that may have been sent before, and will read back which rows are there.
    Doubtful(Batch),
    /// Has read back that rows are missing.
    Missing(Batch),
    /// Has sent what was missing.
    SentAgain(Batch, u64),
    /// All rows of the batch are there.
    Landed(Batch),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    held: Held,
    /// The log that it reads.
    number: u16,
    /// Rows up to here were there when the lease was taken: of batches that the ledger has
    /// forgotten, in other bounds than those to come.
    adopted: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    claim: Claim,
    plan: Plan,
    repair: u32,
    /// Whether the server has answered well to this token.
    answered: bool,
    /// What the next insert holds.
    rows: Vec<(u64, Event)>,
}

impl StoreMember {
    pub(crate) fn step(self, platform: &mut Platform, size: u64) -> Self {
        match self {
            Self::Idle => take(platform),
            Self::Holding(claim) => plan(platform, claim, size),
            Self::Planned(batch) => {
                let query = send(platform, &batch);
                Self::Sent(batch, query)
            }
            Self::Sent(batch, query) => match platform.warehouse.answer(query) {
                Answer::Running => Self::Sent(batch, query),
                Answer::Clean => Self::Landed(batch),
                Answer::Broken => Self::Doubtful(batch),
            },
            Self::Doubtful(batch)
                if platform.warehouse.is_running(&batch.token(platform.guards)) =>
            {
                Self::Doubtful(batch)
            }
            Self::Doubtful(batch) if platform.guards.stands(Guard::ReadBack) => {
                read_back(platform, batch)
            }
            Self::Doubtful(batch) => Self::Missing(batch),
            Self::Missing(batch) => {
                let query = send(platform, &batch);
                Self::SentAgain(batch, query)
            }
            Self::SentAgain(batch, query) => match platform.warehouse.answer(query) {
                Answer::Running => Self::SentAgain(batch, query),
                Answer::Clean if platform.guards.stands(Guard::ReadBack) => {
                    Self::Doubtful(Batch { answered: true, ..batch })
                }
                Answer::Clean => Self::Landed(batch),
                Answer::Broken => Self::Doubtful(batch),
            },
            Self::Landed(batch) => mark(platform, batch),
        }
    }
}

impl Batch {
    fn new(platform: &Platform, claim: Claim, plan: Plan) -> Self {
        let offsets = *plan.range.start()..plan.range.end() + 1;
        let rows = platform.log.first_copies(claim.number, offsets);
        Self { claim, plan, repair: 0, answered: false, rows }
    }

    fn token(&self, guards: Guards) -> Token {
        let Self { claim, plan: Plan { range, epoch }, repair, .. } = self;
        let epoch = if guards.stands(Guard::NamedEpoch) { *epoch } else { 0 };
        Token { kgen: claim.held.kgen, range: range.clone(), epoch, repair: *repair }
    }
}

fn take(platform: &mut Platform) -> StoreMember {
    let kgen = platform.kgen();
    let (held, planned) = platform.ledger.take(Group::Store, kgen);
    let adopted = platform.warehouse.highest(kgen, held.next);
    let claim = Claim { held, number: platform.log.number(), adopted };
    match planned {
        Some(plan) => StoreMember::Doubtful(Batch::new(platform, claim, plan)),
        None => StoreMember::Holding(claim),
    }
}

fn plan(platform: &mut Platform, claim: Claim, size: u64) -> StoreMember {
    let Some(end) = platform.end_of(claim.number) else {
        return StoreMember::Idle;
    };
    let first = claim.held.next;
    if first >= end || size == 0 {
        return StoreMember::Holding(claim);
    }
    let range = first..=(first + size).min(end) - 1;
    if !platform.ledger.plan(claim.held, &range, platform.guards) {
        return StoreMember::Idle;
    }
    let batch = Batch::new(platform, claim, Plan { range, epoch: claim.held.epoch });
    match claim.adopted.is_some_and(|adopted| first <= adopted) {
        true => StoreMember::Doubtful(batch),
        false => StoreMember::Planned(batch),
    }
}

/// A failed attempt keeps its token: under another one, a zombie could insert the same rows under
/// this one later. Only a clean answer that left rows missing shows that the server takes the token
/// for known.
fn read_back(platform: &Platform, batch: Batch) -> StoreMember {
    let Batch { claim, plan, repair, answered, .. } = batch;
    let whole = Batch::new(platform, claim, plan);
    let kgen = claim.held.kgen;
    let is_missing = |(offset, _): &(u64, Event)| !platform.warehouse.is_there(kgen, *offset);
    let rows: Vec<_> = whole.rows.iter().copied().filter(is_missing).collect();
    if rows.is_empty() {
        return StoreMember::Landed(whole);
    }
    StoreMember::Missing(Batch { repair: repair + u32::from(answered), rows, ..whole })
}

fn send(platform: &mut Platform, batch: &Batch) -> u64 {
    platform.warehouse.send(batch.token(platform.guards), batch.rows.clone())
}

fn mark(platform: &mut Platform, batch: Batch) -> StoreMember {
    let Batch { claim, plan: Plan { range, .. }, .. } = batch;
    if !platform.ledger.mark(claim.held, &range, platform.guards) {
        return StoreMember::Idle;
    }
    StoreMember::Holding(Claim { held: Held { next: range.end() + 1, ..claim.held }, ..claim })
}
