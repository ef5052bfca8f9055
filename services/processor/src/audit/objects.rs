use std::ops::Range;

use archive::{ArchiveError, Object, ObjectKey, Stored};
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
    /// Looks at what was archived of that time: whether the objects follow each other, and deeper
    /// whether each is there, in its size or with every byte.
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
        if depth == Depth::Counts {
            return Ok(());
        }
        for object in &objects {
            if let Err(error) = self.object(object, depth, report).await {
                // It cannot be asked about the others either.
                tracing::warn!(%error, "the archive is not audited for now");
                report.trouble("the archive".to_owned(), &error);
                break;
            }
        }
        Ok(())
    }

    /// Looks at an object, and puts it back where it is missing.
    async fn object(
        &self,
        object: &Archived,
        depth: Depth,
        report: &mut AuditReport,
    ) -> Result<(), ArchiveError> {
        let Archived { kgen, partition, first, last, .. } = *object;
        let key = ObjectKey { kgen, partition, first, last };
        let looked = match depth {
            Depth::Coordinates => self.archive.verify(key, &object.sha256).await,
            Depth::Counts | Depth::Objects => self.archive.measure(key, object.bytes).await,
        };
        match looked {
            Ok(()) => Ok(()),
            Err(ArchiveError::Missing(_)) => {
                report.archive.missing += 1;
                match self.restore(key, object).await {
                    Ok(()) => {
                        report.archive.restored += 1;
                        Counter::AuditRepairs.inc(&["archive"]);
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

    /// Makes an object anew, from what the log still holds.
    async fn restore(&self, key: ObjectKey, object: &Archived) -> Result<(), ProcessorError> {
        let mut records = Vec::new();
        let mut range = self.history.read(key.kgen, key.partition, key.first..key.last + 1);
        while let Some(entries) = range.next(CHUNK).await? {
            records.extend(entries.iter().map(|entry| as_archived(entry.record())));
        }
        let written = tokio::task::spawn_blocking(move || Object::write(key, &records));
        let written = written.await.map_err(ProcessorError::Worker)??;
        let stored = written.stored();
        if stored.records != object.records {
            return Err(ArchiveError::Differs(key).into());
        }
        // Another version of a library makes other bytes of the same records. They are vouched for
        // before they are put: after a crash in between they are missing, and put by the next.
        if stored.sha256 != object.sha256 {
            let Stored { bytes, sha256, .. } = stored;
            self.ledger().vouch_anew(object, &Archived { bytes, sha256, ..object.clone() }).await?;
        }
        let put = self.archive.put(&written).await?;
        if put == stored { Ok(()) } else { Err(ArchiveError::Differs(key).into()) }
    }
}
