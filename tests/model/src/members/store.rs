use crate::{
    guards::{Guard, Guards},
    ledger::{Group, HeldLease, Plan},
    log::Event,
    warehouse::{Answer, Token},
    world::Platform,
};

/// A member of the group that writes to ClickHouse.
#[derive(Clone, Debug, Default)]
pub(crate) enum StoreMember {
    /// Has no lease.
    #[default]
    Idle,
    /// Has the lease of the partition.
    Holding(Assignment),
    /// Has planned a batch that was never sent.
    Planned(Batch),
    /// Has sent a batch, for the first time.
    Sent(Batch, u64),
    /// Has a batch that may have been sent before, and reads back its rows next.
    InDoubt(Batch),
    /// Has found rows missing.
    Missing(Batch),
    /// Has sent the missing rows.
    SentAgain(Batch, u64),
    /// Has all rows of the batch in ClickHouse.
    Complete(Batch),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignment {
    held: HeldLease,
    /// The number of the log that it reads.
    number: u16,
    /// The highest offset in ClickHouse when the lease was taken, if ahead of the ledger: rows of
    /// batches that the restored ledger does not know and plans in other bounds.
    stored_up_to: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    assignment: Assignment,
    plan: Plan,
    repair: u32,
    /// Whether the server has given a clean answer to this token.
    answered: bool,
    /// The rows of the next insert.
    rows: Vec<(u64, Event)>,
}

impl StoreMember {
    pub(crate) fn step(self, platform: &mut Platform, size: u64) -> Self {
        match self {
            Self::Idle => take(platform),
            Self::Holding(assignment) => plan(platform, assignment, size),
            Self::Planned(batch) => {
                let query = send(platform, &batch);
                Self::Sent(batch, query)
            }
            Self::Sent(batch, query) => match platform.warehouse.answer(query) {
                Answer::Running => Self::Sent(batch, query),
                Answer::Clean => Self::Complete(batch),
                Answer::Broken => Self::InDoubt(batch),
            },
            Self::InDoubt(batch)
                if platform.warehouse.is_running(&batch.token(platform.guards)) =>
            {
                Self::InDoubt(batch)
            }
            Self::InDoubt(batch) if platform.guards.has(Guard::ReadBack) => {
                read_back(platform, batch)
            }
            Self::InDoubt(batch) => Self::Missing(batch),
            Self::Missing(batch) => {
                let query = send(platform, &batch);
                Self::SentAgain(batch, query)
            }
            Self::SentAgain(batch, query) => match platform.warehouse.answer(query) {
                Answer::Running => Self::SentAgain(batch, query),
                Answer::Clean if platform.guards.has(Guard::ReadBack) => {
                    Self::InDoubt(Batch { answered: true, ..batch })
                }
                Answer::Clean => Self::Complete(batch),
                Answer::Broken => Self::InDoubt(batch),
            },
            Self::Complete(batch) => mark(platform, batch),
        }
    }
}

impl Batch {
    fn new(platform: &Platform, assignment: Assignment, plan: Plan) -> Self {
        let offsets = *plan.range.start()..plan.range.end() + 1;
        let rows = platform.log.first_copies(assignment.number, offsets);
        Self { assignment, plan, repair: 0, answered: false, rows }
    }

    fn token(&self, guards: Guards) -> Token {
        let Self { assignment, plan: Plan { range, epoch }, repair, .. } = self;
        let epoch = if guards.has(Guard::NamedEpoch) { *epoch } else { 0 };
        Token {
            generation: assignment.held.generation,
            range: range.clone(),
            epoch,
            repair: *repair,
        }
    }
}

fn take(platform: &mut Platform) -> StoreMember {
    let generation = platform.generation();
    let (held, planned) = platform.ledger.take(Group::Store, generation);
    let stored_up_to = platform.warehouse.highest(generation, held.next);
    let assignment = Assignment { held, number: platform.log.number(), stored_up_to };
    match planned {
        Some(plan) => StoreMember::InDoubt(Batch::new(platform, assignment, plan)),
        None => StoreMember::Holding(assignment),
    }
}

fn plan(platform: &mut Platform, assignment: Assignment, size: u64) -> StoreMember {
    let Some(end) = platform.end_of_log(assignment.number) else {
        return StoreMember::Idle;
    };
    let first = assignment.held.next;
    if first >= end || size == 0 {
        return StoreMember::Holding(assignment);
    }
    let range = first..=(first + size).min(end) - 1;
    if !platform.ledger.plan(assignment.held, &range, platform.guards) {
        return StoreMember::Idle;
    }
    let batch = Batch::new(platform, assignment, Plan { range, epoch: assignment.held.epoch });
    match assignment.stored_up_to.is_some_and(|stored_up_to| first <= stored_up_to) {
        true => StoreMember::InDoubt(batch),
        false => StoreMember::Planned(batch),
    }
}

/// Reads back which rows are missing. A failed attempt keeps its token: otherwise a zombie could
/// insert the same rows under the old token later. Only a clean answer with rows missing shows that
/// the server treats the token as known.
fn read_back(platform: &Platform, batch: Batch) -> StoreMember {
    let Batch { assignment, plan, repair, answered, .. } = batch;
    let whole = Batch::new(platform, assignment, plan);
    let generation = assignment.held.generation;
    let is_missing = |(offset, _): &(u64, Event)| !platform.warehouse.has_row(generation, *offset);
    let rows: Vec<_> = whole.rows.iter().copied().filter(is_missing).collect();
    if rows.is_empty() {
        return StoreMember::Complete(whole);
    }
    StoreMember::Missing(Batch { repair: repair + u32::from(answered), rows, ..whole })
}

fn send(platform: &mut Platform, batch: &Batch) -> u64 {
    platform.warehouse.send(batch.token(platform.guards), batch.rows.clone())
}

fn mark(platform: &mut Platform, batch: Batch) -> StoreMember {
    let Batch { assignment, plan: Plan { range, .. }, .. } = batch;
    if !platform.ledger.mark(assignment.held, &range, platform.guards) {
        return StoreMember::Idle;
    }
    StoreMember::Holding(Assignment {
        held: HeldLease { next: range.end() + 1, ..assignment.held },
        ..assignment
    })
}
