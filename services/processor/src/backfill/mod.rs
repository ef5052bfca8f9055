//! Backfill: one tenant's records of a time are compared with the tables again. Rows that are stored
//! stay as they are; missing rows are inserted at the same coordinates.

use std::{collections::BTreeMap, ops::Range};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, Group};
use log::{LogRange, Offset};
use tenancy::{ClientId, Destination};

use crate::{
    Dependencies, Findings, ProcessorError,
    reconcile::{Reconciler, wait_for_lease},
    repair::{self, Effect, Repair, Scope},
};

/// A backfill that an operator requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// The tenant of the records.
    pub tenant: ClientId,
    /// When the records were logged.
    pub logged: Range<DateTime<Utc>>,
    /// Whether nothing is changed.
    pub dry_run: bool,
}

/// The progress of a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackfillProgress {
    /// Offsets of the log that were read.
    pub done: u64,
    /// Offsets to be read, of all tenants.
    pub total: u64,
    /// What was found so far, without the current partition.
    pub findings: Findings,
}

/// The result of a backfill.
#[derive(Debug, Default)]
pub struct BackfillReport {
    /// What was found, by tables.
    pub findings: BTreeMap<Destination, Findings>,
    /// Ranges of the log that could not be read to their end, and why.
    pub lost: Vec<ProcessorError>,
}

impl BackfillReport {
    /// What was found in all tables together.
    pub fn total(&self) -> Findings {
        self.findings.values().copied().sum()
    }
}

/// Backfills what an operator requests, and then rebuilds the live counters. Waits while a
/// reconciliation runs.
///
/// # Errors
/// [`ProcessorError::UnknownTenant`]; [`ControlPlaneError::Moving`]; or a store is unavailable.
pub async fn backfill(
    dependencies: &Dependencies,
    request: &Backfill,
    observe: &mut (dyn FnMut(BackfillProgress) + Send),
) -> Result<BackfillReport, ProcessorError> {
    let reconciler = Reconciler::of(dependencies).await?;
    let mut lease = wait_for_lease(&reconciler).await?;
    let report = lease.during(run(&reconciler, dependencies, request, observe)).await??;
    lease.end().await?;
    Ok(report)
}

async fn run(
    reconciler: &Reconciler,
    dependencies: &Dependencies,
    request: &Backfill,
    observe: &mut (dyn FnMut(BackfillProgress) + Send),
) -> Result<BackfillReport, ProcessorError> {
    let effect = if request.dry_run { Effect::None } else { Effect::Repair };
    let repair = reconciler.repair(effect).await?;
    if !repair.retention.knows(&request.tenant) {
        return Err(ProcessorError::UnknownTenant(request.tenant.clone()));
    }
    if !request.dry_run && is_moving(dependencies, &request.tenant).await? {
        // Rows that only the target gets would differ from the source, and be lost with it when the move is
        // taken back.
        return Err(ControlPlaneError::Moving.into());
    }
    if !request.dry_run {
        // Even if no row is missing: the counters may be what is wrong. If this fails, the next
        // reconciliation starts the rebuild.
        repair.ledger.request_rebuild().await?;
    }
    let ranges = stored(&repair, &request.logged).await?;
    let total = ranges.iter().map(LogRange::len).sum();
    let scope = Scope::Tenant { id: &request.tenant, logged: &request.logged };
    let mut report = BackfillReport::default();
    let mut done = 0;
    for range in ranges {
        let findings = report.total();
        let mut observe_range = |next: Offset| {
            observe(BackfillProgress { done: done + (next - range.first), total, findings });
        };
        match repair.range(range, scope, &mut observe_range).await {
            Ok(found) => {
                for (destination, found) in found {
                    *report.findings.entry(destination).or_default() += found;
                }
            }
            Err(error @ ProcessorError::Lost(_)) => report.lost.push(error),
            Err(error) => return Err(error),
        }
        done += range.len();
    }
    if !request.dry_run {
        let Dependencies { control_plane, aggregates, .. } = dependencies;
        repair::start_requested_rebuild(control_plane, aggregates).await?;
    }
    Ok(report)
}

async fn is_moving(
    dependencies: &Dependencies,
    tenant: &ClientId,
) -> Result<bool, ControlPlaneError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let latest = platform.latest_move(tenant).await?;
    Ok(latest.is_some_and(|latest| latest.ended_at.is_none()))
}

/// The ranges of the log's records of that time that the store group has stored, in every
/// generation.
async fn stored(
    repair: &Repair,
    logged: &Range<DateTime<Utc>>,
) -> Result<Vec<LogRange>, ProcessorError> {
    let mut ranges = Vec::new();
    for next in repair.ledger.offsets(Group::Store, &repair.topic).await? {
        let place_of = |time| repair.history.place_of(next.generation, next.partition, time);
        let first = *place_of(logged.start).await?.start();
        let end = (*place_of(logged.end).await?.end()).min(next.offset);
        if first < end {
            ranges.push(next.at(first).to(end.previous()));
        }
    }
    Ok(ranges)
}
