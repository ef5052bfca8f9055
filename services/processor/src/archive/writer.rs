use std::{ops::RangeInclusive, sync::Arc};

use archive::{Archive, ArchiveError, ArchivedRecord, Object, ObjectKey, Stored};
use chrono::{DateTime, Utc};
use control_plane::{Archived, Group, PlatformControl};
use failpoints::Step;
use log::Partition;
use telemetry::{Counter, Gauge};
use tenancy::ClientId;

use super::{pending::Pending, state::PartitionState};
use crate::{
    ProcessorError,
    halt::Halt,
    history::{as_archived, erase_records_of, is_of_erased_person},
    known_erasures::is_key_of,
    member::WorkerContext,
    retry::{self, Pauses},
    rows::time_span,
};

/// Puts objects into the archive and marks their batches.
pub(super) struct ObjectWriter {
    pub(super) context: WorkerContext,
    pub(super) archive: Archive,
    pub(super) platform: PlatformControl,
}

impl ObjectWriter {
    /// Puts the planned object `key`, made of what is pending, and marks it. Of a tenant that is erased only the
    /// places of its records are archived: a spool that is published late must not bring it back.
    pub(super) async fn finish(
        &self,
        state: &mut PartitionState,
        key: ObjectKey,
    ) -> Result<(), ProcessorError> {
        // The memory is returned once the object is marked.
        let Pending { records, room: _room, .. } = std::mem::take(&mut state.pending);
        let logged = time_span(records.iter().map(|record| record.log_time));
        let mut records: Vec<_> = records.iter().map(as_archived).collect();
        let doing = "read which tenants are erased";
        let erased = retry::until_ok(doing, || self.platform.erased_tenants()).await;
        for tenant in erase_records_of(&erased, &mut records) {
            self.erase_put(key, tenant).await;
        }
        self.erase_persons(key, &mut records).await;
        let object = self.write(key, records).await?;
        failpoints::reach(Step::ArchiveBefore);
        let stored = self.put(&object, state.lease.next.partition).await;
        failpoints::reach(Step::ArchiveAfter);
        self.mark(state, key, stored, logged).await
    }

    /// Makes the object, and retries until the data keys of its tenants are available.
    async fn write(
        &self,
        key: ObjectKey,
        records: Vec<ArchivedRecord>,
    ) -> Result<Object, ProcessorError> {
        let is_final = |error: &ArchiveError| !matches!(error, ArchiveError::DataKeys(_));
        let write = || self.archive.write(key, records.clone());
        Ok(retry::until("encrypt an object", is_final, write).await?)
    }

    /// Erases a tenant's records in the object, if a former owner has put it before the tenant was erased.
    async fn erase_put(&self, key: ObjectKey, tenant: &ClientId) {
        let erase = || self.archive.erase(key, tenant.as_str());
        // Without such an object there is nothing to erase; putting this one reports an unreadable one.
        let doing = "erase a tenant in an object that was put";
        let _ = retry::until(doing, is_absent_or_unreadable, erase).await;
    }

    /// Erases the records of erased persons, also in the object, if a former owner has put it before they were.
    async fn erase_persons(&self, key: ObjectKey, records: &mut [ArchivedRecord]) {
        let has_records = |tenant: &ClientId| {
            records.iter().any(|record| is_key_of(tenant, record.key.as_deref()))
        };
        let persons = self.context.erasures.certain(&has_records).await;
        let mut is_any = false;
        for record in records {
            if is_of_erased_person(&persons, record) {
                is_any = true;
                record.erase();
            }
        }
        if is_any {
            let erase = || {
                let persons = Arc::clone(&persons);
                self.archive.erase_records(key, move |it| is_of_erased_person(&persons, it))
            };
            // As for a tenant.
            let doing = "erase persons in an object that was put";
            let _ = retry::until(doing, is_absent_or_unreadable, erase).await;
        }
    }

    /// Marks the planned batch, and records the object in the ledger.
    pub(super) async fn mark(
        &self,
        state: &mut PartitionState,
        key: ObjectKey,
        stored: Stored,
        logged: RangeInclusive<DateTime<Utc>>,
    ) -> Result<(), ProcessorError> {
        let Stored { records, bytes, sha256 } = stored;
        let (logged_from, logged_to) = logged.into_inner();
        let range = key.0;
        let object = Archived { range, records, bytes, sha256, logged_from, logged_to };
        let ledger = &self.context.ledger;
        let lease = &state.lease;
        let marked =
            retry::ledger("mark an object", || ledger.mark_archived(lease, &object)).await?;
        failpoints::reach(Step::Mark);
        Counter::ArchivedBytes.add(&[], bytes);
        Gauge::ArchiveLastObject.set(&[], Utc::now().timestamp());
        state.lease = marked;
        self.context.report(&state.lease);
        Ok(())
    }

    /// Returns the object of a range, if a former owner has put it.
    pub(super) async fn find(&self, key: ObjectKey) -> Option<(Stored, Vec<ArchivedRecord>)> {
        // Putting what is left of the records will report an unreadable object.
        let find = || self.archive.find(key);
        let found = retry::until("find an object in the archive", is_absent_or_unreadable, find);
        found.await.ok().flatten()
    }

    /// Puts an object, and retries until the archive accepts it. Another object under its key halts
    /// the partition.
    async fn put(&self, object: &Object, partition: Partition) -> Stored {
        let mut pauses = Pauses::new("put an object into the archive");
        let mut halt = None;
        loop {
            match self.archive.put(object).await {
                Ok(stored) => {
                    Counter::Batches.inc(&[Group::Archive.as_str(), "clean"]);
                    return stored;
                }
                Err(error) => {
                    if matches!(error, ArchiveError::Differs(_) | ArchiveError::Locked { .. }) {
                        let remedy = "move that object out of the archive: the log's records will \
                                      take its place";
                        halt.get_or_insert_with(|| {
                            Halt::new(Group::Archive, partition, &error, remedy)
                        });
                    }
                    pauses.wait(&error).await;
                }
            }
        }
    }
}

/// Whether no retry helps: the object is not there, or only an operator can make it readable.
fn is_absent_or_unreadable(error: &ArchiveError) -> bool {
    matches!(
        error,
        ArchiveError::Missing(_) | ArchiveError::Damaged { .. } | ArchiveError::Locked { .. }
    )
}
