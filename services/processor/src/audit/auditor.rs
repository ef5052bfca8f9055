use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    ops::Range,
    time::{Duration, Instant},
};

use aggregates::Aggregates;
use archive::Archive;
use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, Ledger};
use recent_ids::Memory;
use telemetry::Counter;
use tenancy::{Destination, PlatformContext, TenantRouter};
use warehouse::{LogRange, Warehouse};

use super::{
    AuditProgress, AuditReport,
    compare::{self, Claim, Suspect},
};
use crate::{
    Findings, Parts, ProcessorError, Sink,
    history::History,
    repair::{self, Effect, Kept, Repair, Scope},
};

/// How long what was looked into in vain is left as it is.
const EXPLAINED: Duration = Duration::from_secs(3_600);

/// Offsets of a span: what is compared at once, and what is read again where it is wrong.
const WIDTH: u64 = 100_000;

/// Holds the ledger against the tables.
pub(crate) struct Auditor {
    pub(super) topic: String,
    pub(super) control_plane: ControlPlane,
    pub(super) platform: PlatformContext,
    pub(super) warehouse: Warehouse,
    pub(super) history: History,
    pub(super) archive: Archive,
    memory: Memory,
    aggregates: Aggregates,
    /// What stayed different after it was looked into: it is not looked into again for a while.
    explained: BTreeMap<(Destination, u16, u16, u64), (Difference, Instant)>,
    /// Generation, partition and offset of the gaps of the archive that were told.
    pub(super) gaps: BTreeSet<(u16, u16, u64)>,
    /// Tables that could not be asked the last time.
    away: BTreeSet<Destination>,
}

/// By how much all rows, and the different ones, are more than the ledger says.
type Difference = (i128, i128);

/// How thoroughly an audit looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    /// Rows are counted; where the count is wrong, every coordinate is compared.
    Counts,
    /// As well, every object of the archive must be there in its size.
    Objects,
    /// Every coordinate is compared, and every byte of the objects read.
    Coordinates,
}

impl Auditor {
    /// An auditor of the log with this history.
    pub(crate) fn new(parts: &Parts, history: History, memory: Memory) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the audit is the platform's own work")]
        let platform = TenantRouter::platform("processor");
        Self {
            topic: parts.kafka.events_topic.clone(),
            control_plane: parts.control_plane.clone(),
            platform,
            warehouse: parts.warehouse.clone(),
            history,
            archive: parts.archive.clone(),
            memory,
            aggregates: parts.aggregates.clone(),
            explained: BTreeMap::new(),
            gaps: BTreeSet::new(),
            away: BTreeSet::new(),
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.control_plane.ledger()
    }

    /// Audits what was done in `done_at` and puts right what is wrong.
    pub(super) async fn look(
        &mut self,
        done_at: Range<DateTime<Utc>>,
        depth: Depth,
        observe: &mut (dyn FnMut(AuditProgress) + Send),
    ) -> Result<AuditReport, ProcessorError> {
        let mut report = AuditReport::default();
        let looked = self.compare(done_at, depth, &mut report, observe).await;
        // Also what an earlier look or a replay was killed before; one that is broken off may have
        // put rows right.
        if let Err(error) = repair::pay(&self.ledger(), &self.aggregates).await {
            tracing::warn!(%error, "live counters are not built anew for now");
            report.trouble("live counters".to_owned(), &error);
        }
        looked.map(|()| report)
    }

    async fn compare(
        &mut self,
        done_at: Range<DateTime<Utc>>,
        depth: Depth,
        report: &mut AuditReport,
        observe: &mut (dyn FnMut(AuditProgress) + Send),
    ) -> Result<(), ProcessorError> {
        let group = Sink::Store.as_str();
        let spans = self.ledger().done_spans(group, &self.topic, done_at.clone(), WIDTH).await?;
        let claims = compare::claims(&spans);
        let groups: Vec<_> = claims
            .iter()
            .flat_map(|(to, claims)| compare::groups(claims).into_iter().map(move |it| (to, it)))
            .collect();
        let mut progress =
            AuditProgress { done: 0, total: groups.len() as u64, findings: Findings::default() };
        let repair = self.repair(Effect::Repair).await?;
        let mut away = BTreeSet::new();
        for (destination, claims) in groups {
            if !away.contains(destination) {
                match self.claims(&repair, destination, claims, depth, report).await {
                    Ok(()) => {}
                    Err(error @ (ProcessorError::Warehouse(_) | ProcessorError::Insert(_))) => {
                        report.trouble(tables(destination), &error);
                        away.insert(destination.clone());
                        if !self.away.contains(destination) {
                            let (tables, error): (_, &dyn Error) = (tables(destination), &error);
                            tracing::warn!(tables, error, "not audited for now");
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            progress.done += 1;
            progress.findings = report.total();
            observe(progress.clone());
        }
        // Told when it begins, not each time.
        self.away = away;
        self.explained.retain(|_, (_, at)| at.elapsed() < EXPLAINED);
        self.objects(done_at, depth, report).await
    }

    /// What repairs in this audit's name.
    pub(crate) async fn repair(&self, effect: Effect) -> Result<Repair, ProcessorError> {
        Ok(Repair {
            group: Sink::Store.as_str(),
            topic: self.topic.clone(),
            ledger: self.ledger(),
            history: self.history.clone(),
            warehouse: self.warehouse.clone(),
            kept: Kept::now(&self.control_plane.for_platform(&self.platform)).await?,
            effect,
            memory: self.memory.clone(),
        })
    }

    /// Compares some claims; the report says what was found.
    async fn claims(
        &mut self,
        repair: &Repair,
        destination: &Destination,
        claims: &[Claim],
        depth: Depth,
        report: &mut AuditReport,
    ) -> Result<(), ProcessorError> {
        let suspects = compare::suspects(&self.warehouse, destination, claims).await?;
        let mut wrong = BTreeMap::new();
        for suspect in suspects {
            wrong.insert(suspect.range, suspect);
        }
        for claim in claims {
            let partition = claim.range.partition;
            let suspect = wrong.remove(&claim.range).filter(|suspect| !self.is_explained(suspect));
            if suspect.is_none() && depth < Depth::Coordinates {
                let right =
                    Findings { expected: claim.rows, found: claim.rows, ..Findings::default() };
                report.add(destination, partition, right);
                continue;
            }
            match repair.range(claim.range, Scope::Tables(destination), &mut |_| {}).await {
                Ok(findings) => {
                    let found = findings.get(destination).copied().unwrap_or_default();
                    tell(claim.range, destination, found);
                    report.add(destination, partition, found);
                    // What is still to be put right is no explanation.
                    if suspect.is_some() && found.left() == found.unplanned {
                        self.explain(destination, claim).await?;
                    }
                }
                Err(error @ ProcessorError::Lost { .. }) => {
                    tracing::error!(%error, "rows are missing and cannot be put back");
                    let place = format!("{}, partition {partition}", tables(destination));
                    report.trouble(place, &error);
                    self.explain(destination, claim).await?;
                }
                // Nothing can be asked about the others either.
                Err(
                    error @ (ProcessorError::ControlPlane(_)
                    | ProcessorError::Warehouse(_)
                    | ProcessorError::Insert(_)),
                ) => return Err(error),
                Err(error) => {
                    let place = format!("{}, partition {partition}", tables(destination));
                    tracing::warn!(place, %error, "not put right for now");
                    report.trouble(place, &error);
                }
            }
        }
        Ok(())
    }

    /// Whether the suspect differs by as much as when it was last looked into.
    fn is_explained(&self, suspect: &Suspect) -> bool {
        let known = self.explained.get(&key(&suspect.destination, suspect.range));
        known.is_some_and(|(known, _)| *known == difference(suspect))
    }

    /// Remembers what is still different after a claim was looked into.
    async fn explain(
        &mut self,
        destination: &Destination,
        claim: &Claim,
    ) -> Result<(), ProcessorError> {
        let claims = std::slice::from_ref(claim);
        let left = compare::suspects(&self.warehouse, destination, claims).await?;
        match left.first() {
            Some(left) => {
                let explained = (difference(left), Instant::now());
                self.explained.insert(key(destination, left.range), explained)
            }
            None => self.explained.remove(&key(destination, claim.range)),
        };
        Ok(())
    }
}

/// Logs and counts what was put right.
fn tell(range: LogRange, destination: &Destination, found: Findings) {
    Counter::AuditRepairs.add(&["missing"], found.missing);
    Counter::AuditRepairs.add(&["doubled"], found.doubled);
    if found.is_right() {
        return;
    }
    let LogRange { kgen, partition, first, last } = range;
    let (cluster, database) = (&destination.cluster, &destination.database);
    let Findings { missing, doubled, unplanned, .. } = found;
    tracing::error!(
        kgen, partition, first, last, %cluster, database, missing, doubled, unplanned,
        left = found.left(), "the audit found rows missing or doubled"
    );
}

fn tables(destination: &Destination) -> String {
    format!("{}.{}", destination.cluster, destination.database)
}

fn key(destination: &Destination, range: LogRange) -> (Destination, u16, u16, u64) {
    (destination.clone(), range.kgen, range.partition, range.first)
}

fn difference(suspect: &Suspect) -> Difference {
    let more = |rows: u64| i128::from(rows) - i128::from(suspect.rows);
    (more(suspect.tally.rows), more(suspect.tally.distinct))
}
