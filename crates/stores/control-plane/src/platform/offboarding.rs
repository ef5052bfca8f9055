use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use tenancy::{ClientId, TenantState};

use super::{
    moves,
    tenant_states::{StateChange, change_state},
};
use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// How many rows of a table are deleted in one transaction: few enough for the time that one may take.
const ROWS_AT_ONCE: i64 = 20_000;

/// A step of the erasure of a tenant: a store from which everything of it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseStep {
    /// Its rows, or its databases.
    ClickHouse,
    /// Its live counters and its feed.
    Redis,
    /// The files of its report jobs.
    ReportFiles,
    /// Its records in the objects of the archive.
    Archive,
    /// Its rows in the control plane: the last step.
    Postgres,
}

/// The end of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Offboarding {
    /// The tenant.
    pub client_id: ClientId,
    /// Why, for its owners.
    pub reason: String,
    /// Who began it.
    pub begun_by: String,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// Until when the tenant can be resumed.
    pub grace_ends_at: DateTime<Utc>,
    /// Since when it is being erased.
    pub erasing_since: Option<DateTime<Utc>>,
    /// The steps that have begun, in their order.
    pub steps: Vec<OffboardingStep>,
    /// What was erased, once all is.
    pub receipt: Option<EraseReceipt>,
}

/// A step that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct OffboardingStep {
    /// The step.
    pub step: EraseStep,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How much was found and erased so far.
    pub counts: Value,
    /// When it finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What was erased of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseReceipt {
    /// When the last step finished.
    pub erased_at: DateTime<Utc>,
    /// What was erased where, as JSON.
    pub text: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
}

#[derive(FromRow)]
struct OffboardingRow {
    client_id: String,
    reason: String,
    begun_by: String,
    begun_at: DateTime<Utc>,
    grace_ends_at: DateTime<Utc>,
    erasing_since: Option<DateTime<Utc>>,
    receipt: Option<String>,
    receipt_sha256: Option<Vec<u8>>,
    erased_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct StepRow {
    step: String,
    started_at: DateTime<Utc>,
    counts: Value,
    finished_at: Option<DateTime<Utc>>,
}

impl EraseStep {
    /// Every step, in order.
    pub const ALL: [Self; 5] =
        [Self::ClickHouse, Self::Redis, Self::ReportFiles, Self::Archive, Self::Postgres];

    /// Returns the name used in tables, answers and receipts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClickHouse => "clickhouse",
            Self::Redis => "redis",
            Self::ReportFiles => "report_files",
            Self::Archive => "archive",
            Self::Postgres => "postgres",
        }
    }
}

impl Offboarding {
    /// Returns a step, if it has begun.
    pub fn step(&self, step: EraseStep) -> Option<&OffboardingStep> {
        self.steps.iter().find(|begun| begun.step == step)
    }
}

impl PlatformControl {
    /// Begins the grace period of an active or suspended tenant, after which it is erased; `false` when the
    /// tenant is in another state. It sends nothing any more, and may read and export unless it is suspended.
    ///
    /// # Errors
    /// [`ControlPlaneError::Moving`] while it is moved.
    pub async fn begin_offboarding(
        &self,
        client_id: &ClientId,
        reason: &str,
        grace: Duration,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let change = StateChange {
            from: &[TenantState::Active, TenantState::Suspended],
            to: TenantState::Offboarding,
            reason: Some(reason),
        };
        let changed = change_state(&mut transaction, client_id, &change).await?;
        // The changed row is locked: no move begins meanwhile.
        if changed && moves::is_under_way(&mut transaction, client_id).await? {
            return Err(ControlPlaneError::Moving);
        }
        if changed {
            sqlx::query(sql!("offboarding/begin"))
                .bind(client_id.as_str())
                .bind(reason)
                .bind(self.actor())
                .bind(grace.as_secs_f64())
                .execute(&mut transaction)
                .await?;
            let entry = AuditEntry {
                action: "tenant.offboard",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({ "reason": reason, "grace_seconds": grace.as_secs() }),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// Returns the offboarding of a tenant, also after it was erased.
    pub async fn offboarding(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<Offboarding>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<OffboardingRow> = sqlx::query_as(sql!("offboarding/get"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        let steps: Vec<StepRow> = sqlx::query_as(sql!("offboarding/steps"))
            .bind(client_id.as_str())
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| row.with(steps)).transpose()
    }

    /// Returns the tenants to erase: their grace period has ended, and they are not erased yet.
    pub async fn due_offboardings(&self) -> Result<Vec<ClientId>, ControlPlaneError> {
        self.offboarded(sql!("offboarding/due")).await
    }

    /// Returns the tenants that are erased, or are being erased.
    pub async fn erased_tenants(&self) -> Result<Vec<ClientId>, ControlPlaneError> {
        self.offboarded(sql!("offboarding/erased")).await
    }

    async fn offboarded(&self, sql: &'static str) -> Result<Vec<ClientId>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let ids: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        let parse = |id: String| id.parse().map_err(ControlPlaneError::corrupt("client id"));
        ids.into_iter().map(parse).collect()
    }

    /// Ends the grace period: nothing of the tenant is served or processed any more. Changes nothing and returns
    /// `false` when the grace lasts, or the tenant is not being offboarded: it is being erased, or was resumed.
    pub async fn begin_erasing(&self, client_id: &ClientId) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let begun = sqlx::query(sql!("offboarding/begin_erasing"))
            .bind(client_id.as_str())
            .execute(&mut transaction)
            .await?;
        if begun.rows_affected() == 1 {
            let change = StateChange {
                from: &[TenantState::Offboarding],
                to: TenantState::Erasing,
                reason: None,
            };
            // Without the new state, the tenant would be served, and sent to, while it is erased.
            if !change_state(&mut transaction, client_id, &change).await? {
                return Ok(false);
            }
            let entry = AuditEntry {
                action: "tenant.begin_erasing",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({}),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Records that a step begins, with what it found. A step that was begun before keeps its counts.
    pub async fn begin_erase_step(
        &self,
        client_id: &ClientId,
        step: EraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_step(sql!("offboarding/begin_step"), client_id, step, counts).await
    }

    /// Records how far a step is.
    pub async fn note_erase_step(
        &self,
        client_id: &ClientId,
        step: EraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_step(sql!("offboarding/note"), client_id, step, counts).await
    }

    /// Records that a step has finished.
    pub async fn finish_erase_step(
        &self,
        client_id: &ClientId,
        step: EraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        self.write_step(sql!("offboarding/finish_step"), client_id, step, counts).await
    }

    /// Deletes some rows that refer to the tenant, and the tenant itself once none is left, which finishes the
    /// last step. Returns whether that is done. The audit log and the offboarding stay.
    pub async fn erase_some_rows(&self, client_id: &ClientId) -> Result<bool, ControlPlaneError> {
        let step = EraseStep::Postgres.as_str();
        let mut transaction = self.begin().await?;
        let deleted: Value = sqlx::query_scalar(sql!("offboarding/erase_rows"))
            .bind(client_id.as_str())
            .bind(ROWS_AT_ONCE)
            .fetch_one(&mut transaction)
            .await?;
        let before: Option<Value> = sqlx::query_scalar(sql!("offboarding/step_counts"))
            .bind(client_id.as_str())
            .bind(step)
            .fetch_optional(&mut transaction)
            .await?;
        let counts = added(before.as_ref(), &deleted);
        let is_done = deleted.get("tenant").is_some();
        let end = if is_done { sql!("offboarding/finish_step") } else { sql!("offboarding/note") };
        for sql in [sql!("offboarding/begin_step"), end] {
            sqlx::query(sql)
                .bind(client_id.as_str())
                .bind(step)
                .bind(&counts)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(is_done)
    }

    /// Stores the receipt, once.
    pub async fn finish_offboarding(
        &self,
        client_id: &ClientId,
        receipt: &EraseReceipt,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let finished = sqlx::query(sql!("offboarding/finish"))
            .bind(client_id.as_str())
            .bind(&receipt.text)
            .bind(&receipt.sha256[..])
            .bind(receipt.erased_at)
            .execute(&mut transaction)
            .await?;
        if finished.rows_affected() == 1 {
            let entry = AuditEntry {
                action: "tenant.erased",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({ "receipt_sha256": hex::encode(receipt.sha256) }),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn write_step(
        &self,
        sql: &'static str,
        client_id: &ClientId,
        step: EraseStep,
        counts: &Value,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql)
            .bind(client_id.as_str())
            .bind(step.as_str())
            .bind(counts)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

/// Returns the sums of two objects of numbers.
fn added(one: Option<&Value>, other: &Value) -> Value {
    let mut sums = one.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, count) in other.as_object().into_iter().flatten() {
        let before = sums.get(name).and_then(Value::as_u64).unwrap_or_default();
        sums.insert(name.clone(), json!(before + count.as_u64().unwrap_or_default()));
    }
    Value::Object(sums)
}

impl OffboardingRow {
    fn with(self, steps: Vec<StepRow>) -> Result<Offboarding, ControlPlaneError> {
        let steps: Result<_, _> = steps.into_iter().map(OffboardingStep::try_from).collect();
        let receipt = match (self.erased_at, self.receipt, self.receipt_sha256) {
            (Some(erased_at), Some(text), Some(hash)) => {
                let sha256 = hash[..].try_into().map_err(ControlPlaneError::corrupt("SHA-256"))?;
                Some(EraseReceipt { erased_at, text, sha256 })
            }
            _ => None,
        };
        Ok(Offboarding {
            client_id: self.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
            reason: self.reason,
            begun_by: self.begun_by,
            begun_at: self.begun_at,
            grace_ends_at: self.grace_ends_at,
            erasing_since: self.erasing_since,
            steps: steps?,
            receipt,
        })
    }
}

impl TryFrom<StepRow> for OffboardingStep {
    type Error = ControlPlaneError;

    fn try_from(row: StepRow) -> Result<Self, ControlPlaneError> {
        let step = EraseStep::ALL.into_iter().find(|step| step.as_str() == row.step);
        Ok(Self {
            step: step.ok_or_else(|| ControlPlaneError::corrupt("step")(row.step.as_str()))?,
            started_at: row.started_at,
            counts: row.counts,
            finished_at: row.finished_at,
        })
    }
}
