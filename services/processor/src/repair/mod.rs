//! Puts right what a set of tables holds of a range of the log: what is missing is inserted, what
//! is doubled is deleted.

mod chunk;
mod debt;
mod findings;
mod kept;
mod settle;

use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, Utc};
use control_plane::Ledger;
use recent_ids::Memory;
use stream::{Entry, Offset};
use tenancy::{ClientId, Destination};
use warehouse::{InsertBatch, LogRange, Warehouse};

pub(crate) use debt::pay;
pub use findings::Findings;
pub(crate) use kept::{Kept, horizon};

use crate::{
    ProcessorError,
    history::History,
    record::{Decoded, Recent},
};
use chunk::{Chunk, Plans};

/// Records compared at a time.
const CHUNK: usize = 20_000;

/// Whether what is found wrong is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing is changed.
    None,
    /// Missing rows are inserted, copies are deleted.
    Repair,
}

/// Which rows of a range are in question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope<'a> {
    /// All rows of one set of tables.
    Tables(&'a Destination),
    /// One tenant's of some of the log's time, wherever they went.
    Tenant {
        /// Who.
        id: &'a ClientId,
        /// When the log took the records in.
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
    pub(crate) group: &'static str,
    pub(crate) topic: String,
    pub(crate) ledger: Ledger,
    pub(crate) history: History,
    pub(crate) warehouse: Warehouse,
    pub(crate) kept: Kept,
    pub(crate) effect: Effect,
    /// Of the event ids that tell re-sends where no plan is known.
    pub(crate) memory: Memory,
}

/// A comparison under way.
#[derive(Default)]
struct Comparison {
    /// What decides whether records that no plan is known of are re-sends; none while every record
    /// has its plan.
    recent: Option<Recent>,
    findings: BTreeMap<Destination, Findings>,
    /// Between which offsets and times there are copies.
    copies: BTreeMap<Destination, Copies>,
}

struct Copies {
    first: Offset,
    last: Offset,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Repair {
    /// Compares what was stored of `range` with the tables it went to, as far as it is in `scope`,
    /// and puts right what is wrong. `observe` hears how far it is.
    pub(crate) async fn range(
        &self,
        range: LogRange,
        scope: Scope<'_>,
        observe: &mut (dyn FnMut(Offset) + Send),
    ) -> Result<BTreeMap<Destination, Findings>, ProcessorError> {
        let mut comparison = Comparison::default();
        let compared = self.compare(range, scope, &mut comparison, observe).await;
        // What was found is put right also where something keeps the rest from being compared.
        if self.effect == Effect::Repair {
            for (destination, Copies { first, last, from, to }) in comparison.copies {
                let batch = self.batch(LogRange { first, last, ..range }, &destination);
                if settle::delete_copies(self, &batch, &(from..=to)).await? {
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
        let LogRange { kgen, partition, first, last } = range;
        let mut records = self.history.read(kgen, partition, first..last + 1);
        let mut next = first;
        while let Some(entries) = records.next(CHUNK).await? {
            let end = entries.last().map_or(last, Entry::offset);
            let chunk = LogRange { first: next, last: end, ..range };
            self.chunk(chunk, entries, scope, comparison).await?;
            next = end + 1;
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
        let LogRange { kgen, partition, first, last } = range;
        let batches = self.ledger.done_batches(self.group, kgen, partition, first..=last).await;
        let plans = Plans::new(batches?);
        if comparison.recent.is_none() && !plans.cover(first, last) {
            let recent = Recent::aside(&self.memory, partition);
            recent.recall(&self.history, kgen, first).await?;
            comparison.recent = Some(recent);
        }
        let records = match &comparison.recent {
            Some(recent) => recent.decode(entries).await?,
            None => entries.into_iter().map(Decoded::read).collect(),
        };
        let chunk = Chunk::new(&records, &plans, &self.kept, scope);
        for (destination, share) in &chunk.shares {
            let batch = self.batch(range, destination);
            let found = settle::insert_missing(self, &batch, share, &chunk, scope).await?;
            if found.doubled > 0 {
                comparison.note_copies(destination, range, &chunk);
            }
            *comparison.findings.entry(destination.clone()).or_default() += found;
        }
        Ok(())
    }

    fn batch(&self, range: LogRange, destination: &Destination) -> InsertBatch {
        InsertBatch {
            kgen: range.kgen,
            topic: self.topic.clone(),
            partition: range.partition,
            first: range.first,
            last: range.last,
            destination: destination.clone(),
            epoch: 0,
            repair: 0,
        }
    }
}

impl Comparison {
    fn note_copies(&mut self, destination: &Destination, range: LogRange, chunk: &Chunk) {
        let (from, to) = (*chunk.logged.start(), *chunk.logged.end());
        let new = || Copies { first: range.first, last: range.last, from, to };
        let copies = self.copies.entry(destination.clone()).or_insert_with(new);
        copies.last = range.last;
        (copies.from, copies.to) = (copies.from.min(from), copies.to.max(to));
    }
}
