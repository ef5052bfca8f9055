use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{
    Group, PersonEraseStep, PersonErasure, PersonErasureStep, PlatformControl, TenantDetail,
};
use privacy::{ErasedPersons, PersonKey};
use serde_json::{Value, json};
use tenancy::{ClientId, Placement};
use warehouse::{PersonRows, PersonSearch};

use super::{receipt::receipt, register};
use crate::{Dependencies, ProcessorError};

/// How long after an erasure was first seen its first step may begin: no sink decides by an older list of persons
/// then. A batch that was decided by one has records of that time, and is waited for.
pub(super) const SETTLES: Duration = Duration::from_secs(20);

/// The rejects that ClickHouse returns were all received before the erasure was asked for: at this time or earlier.
const BEFORE: TimeDelta = TimeDelta::milliseconds(1);

/// The work on erasures of persons.
pub(super) struct Erasing<'a> {
    pub(super) dependencies: &'a Dependencies,
    pub(super) platform: &'a PlatformControl,
}

/// Whether a step has finished.
enum Done {
    /// With these counts.
    Yes(Value),
    /// The next round looks again.
    NotYet,
}

/// Whom an erasure is about, with the tenant's key.
pub(super) struct Wanted {
    pub(super) search: PersonSearch,
    pub(super) persons: ErasedPersons,
}

impl Wanted {
    /// Those of some erasures of one tenant.
    pub(super) fn new<'e>(
        key: &PersonKey,
        erasures: impl IntoIterator<Item = &'e PersonErasure>,
    ) -> Self {
        let mut search = PersonSearch { pads: key.pads(), persons: Vec::new() };
        let mut persons = ErasedPersons::default();
        for erasure in erasures {
            for (_, hash) in &erasure.persons {
                search.persons.push((*hash, erasure.asked_at));
                persons.add(&erasure.client_id, key, *hash, erasure.asked_at);
            }
        }
        Self { search, persons }
    }
}

impl Erasing<'_> {
    /// Proceeds with the steps before the archive, as far as possible.
    pub(super) async fn proceed(&self, erasure: &PersonErasure) -> Result<(), ProcessorError> {
        if erasure.steps.is_empty() {
            register::put(self, erasure).await?;
        }
        let mut current = erasure.clone();
        for step in PersonEraseStep::ALL {
            if step == PersonEraseStep::Archive {
                break;
            }
            if current.finished_at(step).is_some() {
                continue;
            }
            let Done::Yes(counts) = self.step(&current, step).await? else {
                return Ok(());
            };
            self.begin(&current, step).await?;
            self.platform.finish_person_erase_step(&current, step, &counts).await?;
            let PersonErasure { client_id, erasure_id, .. } = erasure;
            let name = step.as_str();
            tracing::info!(%client_id, %erasure_id, step = name, %counts, "a store is erased");
            if step == PersonEraseStep::ClickHouse {
                // Others need to know when that was by the clock of PostgreSQL.
                return Ok(());
            }
            let now = Utc::now();
            let finished =
                PersonErasureStep { step, started_at: now, counts, finished_at: Some(now) };
            current.steps.retain(|begun| begun.step != step);
            current.steps.push(finished);
        }
        Ok(())
    }

    /// Makes the receipt of an erasure whose steps have all finished, if no row has come back meanwhile: a move of the
    /// tenant may have copied rows just before they were deleted.
    pub(super) async fn conclude(&self, erasure: &PersonErasure) -> Result<(), ProcessorError> {
        let is_done = |step| erasure.finished_at(step).is_some();
        if !PersonEraseStep::ALL.into_iter().all(is_done) {
            return Ok(());
        }
        let Done::Yes(_) = self.clickhouse(erasure).await? else { return Ok(()) };
        let receipt = receipt(erasure, Utc::now());
        self.platform.finish_person_erasure(erasure, &receipt).await?;
        let PersonErasure { client_id, erasure_id, .. } = erasure;
        tracing::info!(%client_id, %erasure_id, "persons are erased");
        Ok(())
    }

    async fn step(
        &self,
        erasure: &PersonErasure,
        step: PersonEraseStep,
    ) -> Result<Done, ProcessorError> {
        match step {
            PersonEraseStep::ClickHouse => self.clickhouse(erasure).await,
            PersonEraseStep::Redis => self.redis(erasure).await,
            PersonEraseStep::ReportFiles => self.report_files(erasure).await,
            PersonEraseStep::Postgres => self.postgres(erasure).await,
            PersonEraseStep::Archive => Ok(Done::NotYet),
        }
    }

    /// Deletes the rows in all places of the tenant. What was found at first counts: a repeated step finds less.
    async fn clickhouse(&self, erasure: &PersonErasure) -> Result<Done, ProcessorError> {
        let Some(seen_at) = erasure.seen_at else { return Ok(Done::NotYet) };
        if !self.is_processed(seen_at + SETTLES).await? {
            return Ok(Done::NotYet);
        }
        let Some(wanted) = self.wanted(erasure).await? else {
            return Ok(Done::Yes(json!({"event_rows": 0, "rejects": 0})));
        };
        // A reconciliation or a backfill that began earlier restores rows by its older list of persons.
        let ledger = self.dependencies.control_plane.ledger();
        let Some(mut lease) = ledger.begin_reconciliation().await? else {
            return Ok(Done::NotYet);
        };
        let done = lease.during(self.delete_rows(erasure, &wanted)).await??;
        lease.end().await?;
        Ok(done)
    }

    async fn delete_rows(
        &self,
        erasure: &PersonErasure,
        wanted: &Wanted,
    ) -> Result<Done, ProcessorError> {
        let step = PersonEraseStep::ClickHouse;
        let placements = self.placements(&erasure.client_id).await?;
        let counts = match erasure.step(step) {
            Some(begun) => begun.counts.clone(),
            None => {
                let PersonRows { event_rows, rejects } =
                    self.rows(erasure, &placements, wanted).await?;
                let counts = json!({"event_rows": event_rows, "rejects": rejects});
                self.platform.begin_person_erase_step(erasure, step, &counts).await?;
                counts
            }
        };
        let PersonErasure { client_id, asked_at, .. } = erasure;
        let names = |original: &[u8]| {
            wanted.persons.include_document(client_id, *asked_at - BEFORE, original)
        };
        let warehouse = &self.dependencies.warehouse;
        for placement in &placements {
            if !warehouse.erase_persons(placement, client_id, &wanted.search, &names).await? {
                return Ok(Done::NotYet);
            }
        }
        if !self.rows(erasure, &placements, wanted).await?.is_empty() {
            return Ok(Done::NotYet);
        }
        // What was read with the rows is used no more.
        let tenants = BTreeSet::from([client_id.clone()]);
        self.dependencies.control_plane.raise_data_versions(&tenants).await?;
        Ok(Done::Yes(counts))
    }

    /// The tenant's placements, one for each set of tables.
    pub(super) async fn placements(
        &self,
        client_id: &ClientId,
    ) -> Result<Vec<Placement>, ProcessorError> {
        let mut placements = self.platform.placements(client_id).await?;
        let mut seen = BTreeSet::new();
        placements.retain(|placement| seen.insert(placement.destination(client_id)));
        Ok(placements)
    }

    /// Counts the rows in all placements.
    pub(super) async fn rows(
        &self,
        erasure: &PersonErasure,
        placements: &[Placement],
        wanted: &Wanted,
    ) -> Result<PersonRows, ProcessorError> {
        let PersonErasure { client_id, asked_at, .. } = erasure;
        let names = |original: &[u8]| {
            wanted.persons.include_document(client_id, *asked_at - BEFORE, original)
        };
        let warehouse = &self.dependencies.warehouse;
        let mut found = PersonRows::default();
        for placement in placements {
            let rows = warehouse.person_rows(placement, client_id, &wanted.search, &names).await?;
            found.event_rows += rows.event_rows;
            found.rejects += rows.rejects;
        }
        Ok(found)
    }

    /// Has the live counters computed again. Also if the persons had no rows: while PostgreSQL was unavailable, events
    /// that are not stored any more may have been counted by an older list of persons.
    async fn redis(&self, erasure: &PersonErasure) -> Result<Done, ProcessorError> {
        let step = PersonEraseStep::Redis;
        let aggregates = &self.dependencies.aggregates;
        let begun = erasure.step(step).and_then(|begun| begun.counts.get("key_generation"));
        let Some(before) = begun.and_then(Value::as_u64) else {
            let pause = self.dependencies.settings.recount_pause();
            if let Some(before) = aggregates.request_recount(&erasure.client_id, pause).await? {
                let counts = json!({"key_generation": before});
                self.platform.begin_person_erase_step(erasure, step, &counts).await?;
            }
            return Ok(Done::NotYet);
        };
        let removed = aggregates.remove_former_counters(&erasure.client_id, before).await?;
        Ok(removed.map_or(Done::NotYet, |keys| Done::Yes(json!({"keys": keys}))))
    }

    /// Removes the files of jobs that may have read the rows.
    async fn report_files(&self, erasure: &PersonErasure) -> Result<Done, ProcessorError> {
        let step = PersonEraseStep::ReportFiles;
        let Some(deleted_at) = erasure.finished_at(PersonEraseStep::ClickHouse) else {
            return Ok(Done::NotYet);
        };
        let begun = erasure.step(step).and_then(|begun| begun.counts.get("files"));
        let before = begun.and_then(Value::as_u64).unwrap_or_default();
        let (expired, left) =
            self.platform.expire_report_files(&erasure.client_id, deleted_at).await?;
        let counts = json!({"files": before + expired});
        if left == 0 {
            return Ok(Done::Yes(counts));
        }
        self.begin(erasure, step).await?;
        self.platform.note_person_erase_step(erasure, step, &counts).await?;
        Ok(Done::NotYet)
    }

    /// Removes what users keep about the persons.
    async fn postgres(&self, erasure: &PersonErasure) -> Result<Done, ProcessorError> {
        let client_id = &erasure.client_id;
        let Some(wanted) = self.wanted(erasure).await? else { return Ok(Done::Yes(json!({}))) };
        let is_person = |word: &str| wanted.persons.include_word(client_id, word);
        let erased = self.platform.erase_person_words(client_id, &is_person).await?;
        Ok(Done::Yes(json!(erased)))
    }

    /// Records that a step begins, unless it has begun.
    async fn begin(
        &self,
        erasure: &PersonErasure,
        step: PersonEraseStep,
    ) -> Result<(), ProcessorError> {
        if erasure.step(step).is_none() {
            self.platform.begin_person_erase_step(erasure, step, &json!({})).await?;
        }
        Ok(())
    }

    /// Whom an erasure is about; `None` if the tenant has no key, and so no persons.
    pub(super) async fn wanted(
        &self,
        erasure: &PersonErasure,
    ) -> Result<Option<Wanted>, ProcessorError> {
        let key = self.platform.person_key(&self.dependencies.sealer, &erasure.client_id).await?;
        Ok(key.map(|key| Wanted::new(&key, [erasure])))
    }

    /// Whether every group has processed what the log received before `time`.
    async fn is_processed(&self, time: DateTime<Utc>) -> Result<bool, ProcessorError> {
        let kafka = &self.dependencies.kafka;
        let ledger = self.dependencies.control_plane.ledger();
        let groups = [
            (Group::Store, &kafka.events_topic),
            (Group::Live, &kafka.events_topic),
            (Group::Archive, &kafka.events_topic),
            (Group::Rejects, &kafka.rejects_topic),
        ];
        for (group, topic) in groups {
            if ledger.as_of(group, topic).await?.is_none_or(|as_of| as_of < time) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tenant, if it exists.
    pub(super) async fn tenant(
        &self,
        erasure: &PersonErasure,
    ) -> Result<Option<TenantDetail>, ProcessorError> {
        Ok(self.platform.tenant(&erasure.client_id).await?)
    }
}
