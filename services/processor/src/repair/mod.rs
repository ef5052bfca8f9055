//! Repairs the rows that a set of tables holds of a range of the log: missing rows are inserted,
//! copies are deleted.

mod chunk;
mod findings;
mod rebuild_request;
mod retention;
mod stored_rows;

use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, Utc};
use control_plane::{Group, Ledger};
use log::{LogRange, Offset};
use recent_ids::Memory;
use stream::Entry;
use tenancy::{ClientId, Destination};
use warehouse::{InsertBatch, Warehouse};

pub use findings::Findings;
pub(crate) use rebuild_request::start_requested_rebuild;
pub(crate) use retention::{Moved, Retention};

use crate::{
    ProcessorError,
    history::History,
    record::{Recent, Records},
};
use chunk::{Chunk, Plans};

/// The most records compared at a time.
const CHUNK: usize = 20_000;

/// Whether a comparison repairs what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    None,
    /// Missing rows are inserted, copies are deleted.
    Repair,
}

/// The rows of a range that are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope<'a> {
    /// All rows of one set of tables.
    Tables(&'a Destination),
    /// One tenant's rows of a time of the log, in all tables.
    Tenant {
        /// The tenant.
        id: &'a ClientId,
        /// When the records were logged.
        logged: &'a Range<DateTime<Utc>>,
    },
}

impl Scope<'_> {
    fn holds(self, tenant: &ClientId, to: &Destination, logged_at: DateTime<Utc>) -> bool {
        match self {
            Self::Tables(tables) => tables == to,
            Self::Tenant { id, logged } => id == tenant && logged.contains(&logged_at),
        }
    }
}

/// Compares ranges of the log with the tables.
pub(crate) struct Repair {
    /// The consumer group whose plans count.
    pub(crate) group: Group,
    pub(crate) topic: String,
    pub(crate) ledger: Ledger,
    pub(crate) history: History,
    pub(crate) warehouse: Warehouse,
    pub(crate) retention: Retention,
    pub(crate) effect: Effect,
    /// For the event ids by which re-sends are recognised where no plan is known.
    pub(crate) memory: Memory,
}

/// A comparison under way.
#[derive(Default)]
struct Comparison {
    /// Recognises re-sends among records whose plan is not known; `None` while every record has its
    /// plan.
    recent: Option<Recent>,
    findings: BTreeMap<Destination, Findings>,
    /// The ranges of offsets and times that hold copies.
    copies: BTreeMap<Destination, Copies>,
}

struct Copies {
    range: LogRange,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Repair {
    /// Compares the rows of `range` that are in `scope` with the tables they went to, and repairs what
    /// is wrong. `observe` is called with the offset up to which the range is compared.
    pub(crate) async fn range(
        &self,
        range: LogRange,
        scope: Scope<'_>,
        observe: &mut (dyn FnMut(Offset) + Send),
    ) -> Result<BTreeMap<Destination, Findings>, ProcessorError> {
        let mut comparison = Comparison::default();
        let compared = self.compare(range, scope, &mut comparison, observe).await;
        // What was found is repaired even if an error ends the comparison.
        if self.effect == Effect::Repair {
            for (destination, Copies { range, from, to }) in comparison.copies {
                let batch = self.batch(range, &destination);
                if stored_rows::delete_copies(self, &batch, &(from..=to)).await? {
                    let findings = comparison.findings.entry(destination).or_default();
                    findings.repaired += findings.doubled;
                }
            }
        }
        compared.map(|()| comparison.findings)
    }

    async fn compare(
        &self,
        range: LogRange,
        scope: Scope<'_>,
        comparison: &mut Comparison,
        observe: &mut (dyn FnMut(Offset) + Send),
    ) -> Result<(), ProcessorError> {
        let mut records = self.history.read(range);
        let mut next = range.first;
        while let Some(entries) = records.next(CHUNK).await? {
            let end = entries.last().map_or(range.last, Entry::offset);
            self.chunk(range.with(next, end), entries, scope, comparison).await?;
            next = end.next();
            observe(next);
        }
        Ok(())
    }

    async fn chunk(
        &self,
        range: LogRange,
        entries: Vec<Entry>,
        scope: Scope<'_>,
        comparison: &mut Comparison,
    ) -> Result<(), ProcessorError> {
        let plans = Plans::new(self.ledger.done_batches(self.group, range).await?);
        if comparison.recent.is_none() && !plans.cover(range) {
            let recent = Recent::unshared(&self.memory, range.partition);
            recent.recall(&self.history, range.start()).await?;
            comparison.recent = Some(recent);
        }
        let records = match &comparison.recent {
            Some(recent) => recent.decode(entries).await?,
            None => Records::unchecked(entries.into()),
        };
        let chunk = Chunk::new(&records, &plans, &self.retention, scope);
        for (destination, rows) in &chunk.rows {
            let batch = self.batch(range, destination);
            let found = stored_rows::insert_missing(self, &batch, rows, &chunk, scope).await?;
            if found.doubled > 0 {
                comparison.note_copies(destination, range, &chunk);
            }
            *comparison.findings.entry(destination.clone()).or_default() += found;
        }
        Ok(())
    }

    fn batch(&self, range: LogRange, destination: &Destination) -> InsertBatch {
        // No plan has this epoch.
        InsertBatch::of(range, &self.topic, destination, 0)
    }
}

impl Comparison {
    fn note_copies(&mut self, destination: &Destination, range: LogRange, chunk: &Chunk) {
        let from = *chunk.logged.start();
        let to = *chunk.logged.end();
        let new = || Copies { range, from, to };
        let copies = self.copies.entry(destination.clone()).or_insert_with(new);
        copies.range.last = range.last;
        copies.from = copies.from.min(from);
        copies.to = copies.to.max(to);
    }
}
