//! One tenant's records of some time, taken through the store sink once more: what is there
//! already stays as it is, what is not is inserted at the same coordinates.

use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, Utc};
use stream::Offset;
use tenancy::{ClientId, Destination};
use warehouse::LogRange;

use crate::{
    Findings, Parts, ProcessorError, Sink,
    audit::{Auditor, turn},
    repair::{self, Effect, Repair, Scope},
};

/// What an operator wants replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Whose records.
    pub tenant: ClientId,
    /// When the log took them in.
    pub logged: Range<DateTime<Utc>>,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Offsets of the log gone through.
    pub done: u64,
    /// Offsets to go through, of all tenants.
    pub total: u64,
    /// What was found so far, but for the partition at hand.
    pub findings: Findings,
}

/// What a replay found and did.
#[derive(Debug, Default)]
pub struct ReplayReport {
    /// By tables.
    pub findings: BTreeMap<Destination, Findings>,
    /// Stretches of the log that could not be read to their end, and why.
    pub lost: Vec<ProcessorError>,
}

impl ReplayReport {
    /// What was found in all tables together.
    pub fn total(&self) -> Findings {
        self.findings.values().copied().sum()
    }
}

/// Replays what an operator wants, and has the live counters built anew from what is there then.
/// Waits while an audit is under way.
///
/// # Errors
/// [`ProcessorError::UnknownTenant`]; or something that is needed does not answer.
pub async fn replay(
    parts: &Parts,
    wanted: &Replay,
    observe: &mut (dyn FnMut(ReplayProgress) + Send),
) -> Result<ReplayReport, ProcessorError> {
    let auditor = Auditor::of(parts).await?;
    let mut turn = turn(&auditor).await?;
    let report = turn.during(refill(&auditor, parts, wanted, observe)).await??;
    turn.end().await?;
    Ok(report)
}

async fn refill(
    auditor: &Auditor,
    parts: &Parts,
    wanted: &Replay,
    observe: &mut (dyn FnMut(ReplayProgress) + Send),
) -> Result<ReplayReport, ProcessorError> {
    let effect = if wanted.dry_run { Effect::None } else { Effect::Repair };
    let repair = auditor.repair(effect).await?;
    if !repair.kept.knows(&wanted.tenant) {
        return Err(ProcessorError::UnknownTenant(wanted.tenant.clone()));
    }
    if !wanted.dry_run {
        // Also when nothing will be missing: the counters may be what is wrong. Where this is
        // broken off, the next audit asks for it.
        repair.ledger.owe_rebuild().await?;
    }
    let ranges = stored(&repair, &wanted.logged).await?;
    let total = ranges.iter().map(|range| range.last - range.first + 1).sum();
    let scope = Scope::Tenant { id: &wanted.tenant, logged: &wanted.logged };
    let mut report = ReplayReport::default();
    let mut done = 0;
    for range in ranges {
        let findings = report.total();
        let mut tell = |next: Offset| {
            observe(ReplayProgress { done: done + (next - range.first), total, findings });
        };
        match repair.range(range, scope, &mut tell).await {
            Ok(found) => {
                for (destination, found) in found {
                    *report.findings.entry(destination).or_default() += found;
                }
            }
            Err(error @ ProcessorError::Lost { .. }) => report.lost.push(error),
            Err(error) => return Err(error),
        }
        done += range.last - range.first + 1;
    }
    if !wanted.dry_run {
        repair::pay(&repair.ledger, &parts.aggregates).await?;
    }
    Ok(report)
}

/// What the store sink is done with of the log's records of that time, in every generation.
async fn stored(
    repair: &Repair,
    logged: &Range<DateTime<Utc>>,
) -> Result<Vec<LogRange>, ProcessorError> {
    let mut ranges = Vec::new();
    let offsets = repair.ledger.offsets(Sink::Store.as_str(), &repair.topic).await?;
    for (kgen, partition, next) in offsets {
        let first = *repair.history.place_of(kgen, partition, logged.start).await?.start();
        let end = *repair.history.place_of(kgen, partition, logged.end).await?.end();
        let end = end.min(next);
        if first < end {
            ranges.push(LogRange { kgen, partition, first, last: end - 1 });
        }
    }
    Ok(ranges)
}
