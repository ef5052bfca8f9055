use std::{collections::BTreeMap, error::Error};

use tenancy::Destination;

use super::ArchiveFindings;
use crate::Findings;

/// How far an audit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditProgress {
    /// Steps taken.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
    /// What was found so far.
    pub findings: Findings,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// By tables and partition of the log.
    pub findings: BTreeMap<(Destination, u16), Findings>,
    /// Of the archive.
    pub archive: ArchiveFindings,
    /// What could not be told, or not be put right.
    pub troubles: Vec<Trouble>,
}

/// Something could not be compared, or not be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub place: String,
    /// Why, with its causes.
    pub reason: String,
}

impl AuditReport {
    /// What was found in all tables together.
    pub fn total(&self) -> Findings {
        self.findings.values().copied().sum()
    }

    /// Whether all was as it must be, and could be told to be.
    pub fn is_right(&self) -> bool {
        self.total().is_right() && self.archive.is_right() && self.troubles.is_empty()
    }

    pub(super) fn add(&mut self, destination: &Destination, partition: u16, findings: Findings) {
        *self.findings.entry((destination.clone(), partition)).or_default() += findings;
    }

    pub(super) fn trouble(&mut self, place: String, error: &dyn Error) {
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            reason = format!("{reason}: {error}");
            cause = error.source();
        }
        self.troubles.push(Trouble { place, reason });
    }
}
