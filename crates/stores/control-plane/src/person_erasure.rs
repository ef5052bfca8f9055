use std::collections::BTreeMap;

use auth::{SealError, SealedField, Sealer};
use chrono::{DateTime, Utc};
use privacy::{PersonHash, PersonKey, PersonKind};
use serde_json::Value;
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlaneError, EraseReceipt, pool::Transaction};

/// A step of the erasure of persons: a store from which they are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonEraseStep {
    /// Rows of events, and refused events that name them.
    ClickHouse,
    /// The live counters, which are computed again without them.
    Redis,
    /// The files of report jobs.
    ReportFiles,
    /// What lists and kept definitions say of them.
    Postgres,
    /// Their records in the objects of the archive.
    Archive,
}

/// An erasure of visitors or customers of a tenant's shop.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonErasure {
    /// The tenant.
    pub client_id: ClientId,
    /// Its id.
    pub erasure_id: Uuid,
    /// The user who asked for it.
    pub asked_by: String,
    /// When that was. What happened or was received before is erased.
    pub asked_at: DateTime<Utc>,
    /// When a processor first saw it, by the clock of PostgreSQL.
    pub seen_at: Option<DateTime<Utc>>,
    /// When it was last begun again.
    pub repeated_at: Option<DateTime<Utc>>,
    /// Whom it is about.
    pub persons: Vec<(PersonKind, PersonHash)>,
    /// The steps that have begun, in their order.
    pub steps: Vec<PersonErasureStep>,
    /// What was erased, once all is.
    pub receipt: Option<EraseReceipt>,
    /// SHA-256 of the receipts of earlier times.
    pub earlier_receipts: Vec<[u8; 32]>,
}

/// A step that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonErasureStep {
    /// The step.
    pub step: PersonEraseStep,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How much was found and erased so far.
    pub counts: Value,
    /// When it finished.
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
pub(crate) struct ErasureRow {
    client_id: String,
    erasure_id: Uuid,
    asked_by: String,
    asked_at: DateTime<Utc>,
    seen_at: Option<DateTime<Utc>>,
    repeated_at: Option<DateTime<Utc>>,
    receipt: Option<String>,
    receipt_sha256: Option<Vec<u8>>,
    earlier_receipts: Vec<Vec<u8>>,
    erased_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct PersonRow {
    erasure_id: Uuid,
    kind: String,
    hash: Vec<u8>,
}

#[derive(FromRow)]
struct StepRow {
    erasure_id: Uuid,
    step: String,
    started_at: DateTime<Utc>,
    counts: Value,
    finished_at: Option<DateTime<Utc>>,
}

impl PersonEraseStep {
    /// Every step, in order: what others are computed from comes first.
    pub const ALL: [Self; 5] =
        [Self::ClickHouse, Self::Redis, Self::ReportFiles, Self::Postgres, Self::Archive];

    /// Returns the name used in tables, answers and receipts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClickHouse => "clickhouse",
            Self::Redis => "redis",
            Self::ReportFiles => "report_files",
            Self::Postgres => "postgres",
            Self::Archive => "archive",
        }
    }
}

impl PersonErasure {
    /// Returns a step, if it has begun.
    pub fn step(&self, step: PersonEraseStep) -> Option<&PersonErasureStep> {
        self.steps.iter().find(|begun| begun.step == step)
    }

    /// Returns when a step finished; `None` while it has not.
    pub fn finished_at(&self, step: PersonEraseStep) -> Option<DateTime<Utc>> {
        self.step(step)?.finished_at
    }
}

/// Completes erasures with their persons and steps.
pub(crate) async fn complete(
    transaction: &mut Transaction,
    rows: Vec<ErasureRow>,
) -> Result<Vec<PersonErasure>, ControlPlaneError> {
    let mut by_tenant = BTreeMap::<String, Vec<Uuid>>::new();
    for row in &rows {
        by_tenant.entry(row.client_id.clone()).or_default().push(row.erasure_id);
    }
    let mut persons = BTreeMap::<Uuid, Vec<_>>::new();
    let mut steps = BTreeMap::<Uuid, Vec<_>>::new();
    for (client_id, ids) in &by_tenant {
        let found: Vec<PersonRow> = sqlx::query_as(sql!("person_erasure/persons"))
            .bind(client_id)
            .bind(ids)
            .fetch_all(&mut *transaction)
            .await?;
        for row in found {
            persons.entry(row.erasure_id).or_default().push(row.parse()?);
        }
        let found: Vec<StepRow> = sqlx::query_as(sql!("person_erasure/steps"))
            .bind(client_id)
            .bind(ids)
            .fetch_all(&mut *transaction)
            .await?;
        for row in found {
            steps.entry(row.erasure_id).or_default().push(row.parse()?);
        }
    }
    let erasure = |row: ErasureRow| {
        let id = row.erasure_id;
        row.with(persons.remove(&id).unwrap_or_default(), steps.remove(&id).unwrap_or_default())
    };
    rows.into_iter().map(erasure).collect()
}

impl ErasureRow {
    fn with(
        self,
        persons: Vec<(PersonKind, PersonHash)>,
        steps: Vec<PersonErasureStep>,
    ) -> Result<PersonErasure, ControlPlaneError> {
        let receipt = match (self.erased_at, self.receipt, self.receipt_sha256) {
            (Some(erased_at), Some(text), Some(hash)) => {
                Some(EraseReceipt { erased_at, text, sha256: sha256(&hash)? })
            }
            _ => None,
        };
        let earlier = self.earlier_receipts.iter().map(|hash| sha256(hash));
        Ok(PersonErasure {
            client_id: client_id(&self.client_id)?,
            erasure_id: self.erasure_id,
            asked_by: self.asked_by,
            asked_at: self.asked_at,
            seen_at: self.seen_at,
            repeated_at: self.repeated_at,
            persons,
            steps,
            receipt,
            earlier_receipts: earlier.collect::<Result<_, _>>()?,
        })
    }
}

impl PersonRow {
    fn parse(self) -> Result<(PersonKind, PersonHash), ControlPlaneError> {
        let kind = PersonKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        let kind = kind.ok_or_else(|| ControlPlaneError::corrupt("kind of person")(self.kind))?;
        Ok((kind, PersonHash(sha256(&self.hash)?)))
    }
}

impl StepRow {
    fn parse(self) -> Result<PersonErasureStep, ControlPlaneError> {
        let step = PersonEraseStep::ALL.into_iter().find(|step| step.as_str() == self.step);
        Ok(PersonErasureStep {
            step: step.ok_or_else(|| ControlPlaneError::corrupt("step")(self.step))?,
            started_at: self.started_at,
            counts: self.counts,
            finished_at: self.finished_at,
        })
    }
}

pub(crate) fn client_id(text: &str) -> Result<ClientId, ControlPlaneError> {
    text.parse().map_err(ControlPlaneError::corrupt("client id"))
}

pub(crate) fn sha256(bytes: &[u8]) -> Result<[u8; 32], ControlPlaneError> {
    bytes.try_into().map_err(ControlPlaneError::corrupt("SHA-256"))
}

/// Returns where the key of a tenant's persons is sealed for.
pub(crate) fn key_field(tenant: &str) -> SealedField<'_> {
    SealedField { purpose: "person-key", tenant, row: tenant, field: "sealed" }
}

/// Wraps the sealed key of a tenant's persons, wherever it is stored, with the current key encryption key.
///
/// # Errors
/// It cannot be opened.
pub fn rewrap_person_key(
    sealer: &Sealer,
    client_id: &ClientId,
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    sealer.rewrap(key_field(client_id.as_str()), sealed)
}

/// Opens the key of a tenant's persons.
pub(crate) fn open_key(
    sealer: &Sealer,
    client_id: &ClientId,
    sealed: &[u8],
) -> Result<PersonKey, ControlPlaneError> {
    let what = "key of persons";
    let opened = sealer.open(key_field(client_id.as_str()), sealed);
    let opened = opened.map_err(ControlPlaneError::corrupt(what))?;
    PersonKey::from_bytes(&opened).map_err(ControlPlaneError::corrupt(what))
}
