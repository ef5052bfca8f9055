use std::ops::Range;

use archive::{ArchiveError, Object, ObjectKey};
use chrono::{DateTime, Utc};
use control_plane::Archived;
use telemetry::Counter;

use super::{AuditReport, Auditor, auditor::Depth};
use crate::{ProcessorError, history::as_archived};

/// Records read at a time.
const CHUNK: usize = 10_000;

/// What was found of the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFindings {
    /// Objects that the ledger vouches for.
    pub objects: u64,
    /// Places where an object does not begin where the one before it ended.
    pub gaps: u64,
    /// Objects that are not there.
    pub missing: u64,
    /// Objects that are not as they were put.
    pub damaged: u64,
    /// Missing objects that were put back from the log.
    pub restored: u64,
}

impl ArchiveFindings {
    /// Whether there was nothing to put right.
    pub fn is_right(&self) -> bool {
        self.gaps == 0 && self.missing == 0 && self.damaged == 0
    }
}

impl Auditor {
    /// Looks at what was archived of that time: whether the objects follow each other, and in depth
    /// whether each is there with every byte.
    pub(super) async fn objects(
        &mut self,
        logged: Range<DateTime<Utc>>,
        depth: Depth,
        report: &mut AuditReport,
    ) -> Result<(), ProcessorError> {
        let objects = self.ledger().archived_between(logged).await?;
        report.archive.objects = objects.len() as u64;
        for (before, after) in objects.iter().zip(objects.iter().skip(1)) {
            let follows = (before.kgen, before.partition) == (after.kgen, after.partition);
            if follows && before.last + 1 != after.first {
                report.archive.gaps += 1;
                let gap = ProcessorError::Unarchived {
                    kgen: before.kgen,
                    partition: before.partition,
                    first: before.last + 1,
                    last: after.first.saturating_sub(1),
                };
                if self.gaps.insert((after.kgen, after.partition, after.first)) {
                    tracing::error!(error = %gap, "the archive has a gap");
                }
                report.trouble("the archive".to_owned(), &gap);
            }
        }
        if depth == Depth::Coordinates {
            for object in &objects {
                self.object(object, report).await?;
            }
        }
        Ok(())
    }

    /// Reads an object, and puts it back where it is missing.
    async fn object(
        &self,
        object: &Archived,
        report: &mut AuditReport,
    ) -> Result<(), ProcessorError> {
        let Archived { kgen, partition, first, last, .. } = *object;
        let key = ObjectKey { kgen, partition, first, last };
        match self.archive.verify(key, &object.sha256).await {
            Ok(()) => Ok(()),
            Err(ArchiveError::Missing(_)) => {
                report.archive.missing += 1;
                match self.restore(key, object).await {
                    Ok(()) => {
                        report.archive.restored += 1;
                        Counter::AuditRepairs.inc(&["archive"]);
                        tracing::error!(%key, "an object of the archive was missing");
                    }
                    Err(error) => report.trouble(key.to_string(), &error),
                }
                Ok(())
            }
            Err(error @ ArchiveError::Damaged { .. }) => {
                report.archive.damaged += 1;
                report.trouble(key.to_string(), &error);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes an object anew, from what the log still holds.
    async fn restore(&self, key: ObjectKey, object: &Archived) -> Result<(), ProcessorError> {
        let mut records = Vec::new();
        let mut range = self.history.read(key.kgen, key.partition, key.first..key.last + 1);
        while let Some(entries) = range.next(CHUNK).await? {
            records.extend(entries.iter().map(|entry| as_archived(entry.record())));
        }
        let written = tokio::task::spawn_blocking(move || Object::write(key, &records));
        let written = written.await.map_err(ProcessorError::Worker)??;
        let stored = self.archive.put(&written).await?;
        // Another version of a library may have made other bytes; the ledger vouches for the first.
        if stored.sha256 == object.sha256 { Ok(()) } else { Err(ArchiveError::Differs(key).into()) }
    }
}
