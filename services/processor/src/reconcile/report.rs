use std::{collections::BTreeMap, error::Error};

use log::Partition;
use tenancy::Destination;

use super::ArchiveFindings;
use crate::Findings;

/// The progress of a reconciliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileProgress {
    /// Steps done.
    pub done: u64,
    /// All steps.
    pub total: u64,
    /// What was found so far.
    pub findings: Findings,
}

/// The result of a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconcileReport {
    /// By tables and partition of the log.
    pub findings: BTreeMap<(Destination, Partition), Findings>,
    /// What was found in the archive.
    pub archive: ArchiveFindings,
    /// What could not be compared or repaired.
    pub troubles: Vec<Trouble>,
}

/// Something that could not be compared or repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it concerns: tables, a partition, an object.
    pub place: String,
    /// Why, with its causes.
    pub reason: String,
}

impl ReconcileReport {
    /// What was found in all tables together.
    pub fn total(&self) -> Findings {
        self.findings.values().copied().sum()
    }

    /// Whether everything was compared and nothing was wrong.
    pub fn is_right(&self) -> bool {
        self.total().is_right() && self.archive.is_right() && self.troubles.is_empty()
    }

    pub(super) fn add(
        &mut self,
        destination: &Destination,
        partition: Partition,
        findings: Findings,
    ) {
        *self.findings.entry((destination.clone(), partition)).or_default() += findings;
    }

    pub(super) fn trouble(&mut self, place: String, error: &dyn Error) {
        self.troubles.push(Trouble { place, reason: telemetry::chain(error) });
    }
}
