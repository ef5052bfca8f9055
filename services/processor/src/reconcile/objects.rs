use std::ops::Range;

use archive::{ArchiveError, ObjectKey, Stored};
use chrono::{DateTime, Utc};
use control_plane::Archived;
use telemetry::Counter;
use tenancy::ClientId;

use super::{ReconcileReport, Reconciler, reconciler::Depth};
use crate::{
    ProcessorError,
    history::{as_archived, erase_records_of, is_of_erased_person},
    known_erasures::is_key_of,
};

/// The most records read at a time.
const CHUNK: usize = 10_000;

/// The result of a reconciliation of the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFindings {
    /// Objects that the ledger records.
    pub objects: u64,
    /// Places where an object does not begin where the one before it ended.
    pub gaps: u64,
    /// Objects that are not there.
    pub missing: u64,
    /// Objects whose bytes differ from those that were put.
    pub damaged: u64,
    /// Missing objects that were restored from the log.
    pub restored: u64,
}

impl ArchiveFindings {
    /// Whether nothing had to be repaired.
    pub fn is_right(&self) -> bool {
        self.gaps == 0 && self.missing == 0 && self.damaged == 0
    }
}

impl Reconciler {
    /// Checks what was archived of that time: whether the objects follow each other, and at greater
    /// depth whether each exists, in its size or with every byte.
    pub(super) async fn objects(
        &mut self,
        logged: Range<DateTime<Utc>>,
        depth: Depth,
        report: &mut ReconcileReport,
    ) -> Result<(), ProcessorError> {
        let objects = self.ledger().archived_between(logged).await?;
        report.archive.objects = objects.len() as u64;
        for (before, after) in objects.iter().zip(objects.iter().skip(1)) {
            let next = before.range.next();
            let found = after.range.start();
            if next.is_beside(found) && next != found {
                report.archive.gaps += 1;
                let gap = ProcessorError::Unarchived(next.to(found.offset.previous()));
                if self.gaps.insert(found) {
                    tracing::error!(error = %gap, "the archive has a gap");
                }
                report.trouble("the archive".to_owned(), &gap);
            }
        }
        if depth == Depth::Counts {
            return Ok(());
        }
        for object in &objects {
            if let Err(error) = self.object(object, depth, report).await {
                // The other objects cannot be read either.
                tracing::warn!(%error, "the archive is not reconciled for now");
                report.trouble("the archive".to_owned(), &error);
                break;
            }
        }
        Ok(())
    }

    /// Checks an object, and restores it if it is missing.
    async fn object(
        &self,
        object: &Archived,
        depth: Depth,
        report: &mut ReconcileReport,
    ) -> Result<(), ArchiveError> {
        let key = ObjectKey::from(object.range);
        let checked = match depth {
            Depth::Coordinates => self.archive.verify(key, &object.sha256).await,
            Depth::Counts | Depth::Objects => self.archive.measure(key, object.bytes).await,
        };
        match checked {
            Ok(()) => Ok(()),
            Err(ArchiveError::Missing(_)) => {
                report.archive.missing += 1;
                match self.restore(key, object).await {
                    Ok(()) => {
                        report.archive.restored += 1;
                        Counter::ReconcileRepairs.inc(&["archive"]);
                        tracing::error!(%key, "an object of the archive was missing");
                    }
                    Err(error) => {
                        tracing::error!(%key, %error, "an object of the archive is missing");
                        report.trouble(key.to_string(), &error);
                    }
                }
                Ok(())
            }
            Err(error @ ArchiveError::Damaged { .. }) => {
                report.archive.damaged += 1;
                tracing::error!(%error, "an object of the archive is damaged");
                report.trouble(key.to_string(), &error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes an object again, from what the log still holds; nothing of tenants and persons that were
    /// erased since, and nothing that was past its tenant's retention when the object got lost.
    async fn restore(&self, key: ObjectKey, object: &Archived) -> Result<(), ProcessorError> {
        let mut records = Vec::new();
        let mut range = self.history.read(object.range);
        while let Some(entries) = range.next(CHUNK).await? {
            records.extend(entries.iter().map(|entry| as_archived(entry.record())));
        }
        let platform = self.control_plane.for_platform(&self.platform);
        let mut erased = platform.erased_tenants().await?;
        // Retention has passed the object, and does not come back to it.
        let expired = platform.archive_erased_until().await?.into_iter();
        let expired = expired.filter(|(_, until)| object.logged_to < *until);
        erased.extend(expired.map(|(tenant, _)| tenant));
        erase_records_of(&erased, &mut records);
        let has_records = |tenant: &ClientId| {
            records.iter().any(|record| is_key_of(tenant, record.key.as_deref()))
        };
        let persons = self.erasures.certain_now(&has_records).await?;
        for record in &mut records {
            if is_of_erased_person(&persons, record) {
                record.erase();
            }
        }
        let written = self.archive.write(key, records).await?;
        let stored = written.stored();
        if stored.records != object.records {
            return Err(ArchiveError::Differs(key).into());
        }
        // Another version of a library makes other bytes of the same records. The ledger gets their
        // hash before they are put: after a crash in between, the next reconciliation puts them.
        if stored.sha256 != object.sha256 {
            let Stored { bytes, sha256, .. } = stored;
            let replacement = Archived { bytes, sha256, ..object.clone() };
            self.ledger().replace_object_hash(object, &replacement).await?;
        }
        let put = self.archive.put(&written).await?;
        if put == stored { Ok(()) } else { Err(ArchiveError::Differs(key).into()) }
    }
}
