use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    ops::Range,
    time::{Duration, Instant},
};

use aggregates::Aggregates;
use archive::Archive;
use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, Group, Ledger};
use log::{LogPlace, LogRange};
use recent_ids::Memory;
use telemetry::Counter;
use tenancy::{ClientId, Destination, PlatformContext};
use warehouse::Warehouse;

use super::{
    ReconcileProgress, ReconcileReport,
    expected::{self, ExpectedRows, Suspect},
};
use crate::{
    Dependencies, Findings, ProcessorError,
    history::History,
    known_erasures::KnownErasures,
    repair::{self, Effect, Repair, Retention, Scope},
};

/// How long a difference that was examined without result is not examined again.
const EXPLAINED: Duration = Duration::from_secs(3_600);

/// Offsets of a span: they are compared at once, and read again where a span is wrong.
const WIDTH: u64 = 100_000;

/// Compares the ledger with the tables and the archive.
pub(crate) struct Reconciler {
    pub(super) topic: String,
    pub(super) control_plane: ControlPlane,
    pub(super) platform: PlatformContext,
    pub(super) warehouse: Warehouse,
    pub(super) history: History,
    pub(super) archive: Archive,
    memory: Memory,
    aggregates: Aggregates,
    pub(super) erasures: KnownErasures,
    /// Differences that remained after they were examined, by the start of their range.
    explained: BTreeMap<(Destination, LogPlace), (Difference, Instant)>,
    /// The ends of the gaps of the archive that were logged.
    pub(super) gaps: BTreeSet<LogPlace>,
    /// Tables that were unavailable the last time.
    unavailable: BTreeSet<Destination>,
}

/// By how much all rows, and the distinct ones, exceed what the ledger expects.
type Difference = (i128, i128);

/// How thorough a reconciliation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// It counts rows; where a count is wrong, it compares every coordinate.
    Counts,
    /// It also checks that every object of the archive exists in its size.
    Objects,
    /// It compares every coordinate, and reads every byte of the objects.
    Coordinates,
}

impl Reconciler {
    /// A reconciler of the log with this history.
    pub(crate) fn new(dependencies: &Dependencies, history: History, memory: Memory) -> Self {
        Self {
            topic: dependencies.kafka.events_topic.clone(),
            control_plane: dependencies.control_plane.clone(),
            platform: dependencies.platform(),
            warehouse: dependencies.warehouse.clone(),
            history,
            archive: dependencies.archive.clone(),
            memory,
            aggregates: dependencies.aggregates.clone(),
            erasures: KnownErasures::of(dependencies),
            explained: BTreeMap::new(),
            gaps: BTreeSet::new(),
            unavailable: BTreeSet::new(),
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.control_plane.ledger()
    }

    /// Compares what was done in `done_at`, and repairs what differs.
    pub(super) async fn run(
        &mut self,
        done_at: Range<DateTime<Utc>>,
        depth: Depth,
        observe: &mut (dyn FnMut(ReconcileProgress) + Send),
    ) -> Result<ReconcileReport, ProcessorError> {
        let mut report = ReconcileReport::default();
        let compared = self.compare(done_at, depth, &mut report, observe).await;
        // The request may come from a reconciliation or a backfill that was killed, or from this one
        // even if it failed.
        let started = repair::start_requested_rebuild(&self.control_plane, &self.aggregates).await;
        if let Err(error) = started {
            tracing::warn!(%error, "live counters are not rebuilt for now");
            report.trouble("live counters".to_owned(), &error);
        }
        compared.map(|()| report)
    }

    async fn compare(
        &mut self,
        done_at: Range<DateTime<Utc>>,
        depth: Depth,
        report: &mut ReconcileReport,
        observe: &mut (dyn FnMut(ReconcileProgress) + Send),
    ) -> Result<(), ProcessorError> {
        let ledger = self.ledger();
        let spans = ledger.done_spans(Group::Store, &self.topic, done_at.clone(), WIDTH).await?;
        let repair = self.repair(Effect::Repair).await?;
        let moved = repair.retention.moved();
        let moved_rows = ledger.tenant_spans(Group::Store, &spans, moved.tenants()).await?;
        let mut by_destination = expected::by_destination(&spans);
        expected::settle(&mut by_destination, &spans, &moved_rows, moved);
        by_destination.retain(|destination, _| {
            !repair.retention.has_erased(destination) && !moved.has_left(destination)
        });
        let groups: Vec<_> = by_destination
            .iter()
            .flat_map(|(to, rows)| expected::groups(rows).into_iter().map(move |it| (to, it)))
            .collect();
        let mut progress = ReconcileProgress {
            done: 0,
            total: groups.len() as u64,
            findings: Findings::default(),
        };
        let mut unavailable = BTreeSet::new();
        for (destination, expected) in groups {
            if !unavailable.contains(destination) {
                match self.check(&repair, destination, expected, depth, report).await {
                    Ok(()) => {}
                    Err(error @ (ProcessorError::Warehouse(_) | ProcessorError::Insert(_))) => {
                        report.trouble(destination.to_string(), &error);
                        unavailable.insert(destination.clone());
                        if !self.unavailable.contains(destination) {
                            let error: &dyn Error = &error;
                            tracing::warn!(%destination, error, "not reconciled for now");
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            progress.done += 1;
            progress.findings = report.total();
            observe(progress.clone());
        }
        // An outage is logged when it begins, not each time.
        self.unavailable = unavailable;
        self.explained.retain(|_, (_, at)| at.elapsed() < EXPLAINED);
        self.objects(done_at, depth, report).await
    }

    /// The repair that this reconciler uses.
    pub(crate) async fn repair(&self, effect: Effect) -> Result<Repair, ProcessorError> {
        let platform = self.control_plane.for_platform(&self.platform);
        let retention = Retention::now(&platform, self.erasures.current().await).await?;
        Ok(Repair {
            group: Group::Store,
            topic: self.topic.clone(),
            ledger: self.ledger(),
            history: self.history.clone(),
            warehouse: self.warehouse.clone(),
            retention,
            effect,
            memory: self.memory.clone(),
        })
    }

    /// Compares some spans with one set of tables, and adds the findings to the report.
    async fn check(
        &mut self,
        repair: &Repair,
        destination: &Destination,
        expected: &[ExpectedRows],
        depth: Depth,
        report: &mut ReconcileReport,
    ) -> Result<(), ProcessorError> {
        let without = repair.retention.moved().elsewhere(destination);
        let suspects = expected::suspects(&self.warehouse, destination, expected, &without).await?;
        let mut wrong = BTreeMap::new();
        for suspect in suspects {
            wrong.insert(suspect.range, suspect);
        }
        for span in expected {
            let partition = span.range.partition;
            let suspect = wrong.remove(&span.range).filter(|suspect| !self.is_explained(suspect));
            if suspect.is_none() && depth < Depth::Coordinates {
                let right =
                    Findings { expected: span.rows, found: span.rows, ..Findings::default() };
                report.add(destination, partition, right);
                continue;
            }
            match repair.range(span.range, Scope::Tables(destination), &mut |_| {}).await {
                Ok(findings) => {
                    let found = findings.get(destination).copied().unwrap_or_default();
                    log_repairs(span.range, destination, found);
                    report.add(destination, partition, found);
                    // Rows that are still to be repaired explain nothing.
                    if suspect.is_some() && found.left() == found.unplanned {
                        self.explain(destination, span, &without).await?;
                    }
                }
                Err(error @ ProcessorError::Lost(_)) => {
                    tracing::error!(%error, "rows are missing and cannot be restored");
                    let place = format!("{destination}, partition {partition}");
                    report.trouble(place, &error);
                    self.explain(destination, span, &without).await?;
                }
                // The other spans cannot be compared either.
                Err(
                    error @ (ProcessorError::ControlPlane(_)
                    | ProcessorError::Warehouse(_)
                    | ProcessorError::Insert(_)),
                ) => return Err(error),
                Err(error) => {
                    let place = format!("{destination}, partition {partition}");
                    tracing::warn!(place, %error, "not repaired for now");
                    report.trouble(place, &error);
                }
            }
        }
        Ok(())
    }

    /// Whether the suspect differs by as much as when it was last examined.
    fn is_explained(&self, suspect: &Suspect) -> bool {
        let known = self.explained.get(&key(&suspect.destination, suspect.range));
        known.is_some_and(|(known, _)| *known == difference(suspect))
    }

    /// Remembers what still differs after a span was examined.
    async fn explain(
        &mut self,
        destination: &Destination,
        span: &ExpectedRows,
        without: &[&ClientId],
    ) -> Result<(), ProcessorError> {
        let one = std::slice::from_ref(span);
        let left = expected::suspects(&self.warehouse, destination, one, without).await?;
        match left.first() {
            Some(left) => {
                let explained = (difference(left), Instant::now());
                self.explained.insert(key(destination, left.range), explained)
            }
            None => self.explained.remove(&key(destination, span.range)),
        };
        Ok(())
    }
}

/// Logs and counts what was repaired.
fn log_repairs(range: LogRange, destination: &Destination, found: Findings) {
    Counter::ReconcileRepairs.add(&["missing"], found.missing);
    Counter::ReconcileRepairs.add(&["doubled"], found.doubled);
    if found.is_right() {
        return;
    }
    let Findings { missing, doubled, unplanned, .. } = found;
    tracing::error!(
        %range, %destination, missing, doubled, unplanned, left = found.left(),
        "rows are missing or doubled"
    );
}

fn key(destination: &Destination, range: LogRange) -> (Destination, LogPlace) {
    (destination.clone(), range.start())
}

fn difference(suspect: &Suspect) -> Difference {
    let more = |rows: u64| i128::from(rows) - i128::from(suspect.rows);
    (more(suspect.tally.rows), more(suspect.tally.distinct))
}
