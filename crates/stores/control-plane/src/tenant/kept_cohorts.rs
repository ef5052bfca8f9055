use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A set of visitors or customers that a user has named and kept, as its definition.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct KeptCohort {
    /// Its id.
    pub cohort_id: Uuid,
    /// Its name, unique in the tenant.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who belongs to it: the events that count, their time, and how many.
    pub definition: Value,
    /// Its author; `None` once the user is deleted.
    pub created_by: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Who changes kept cohorts.
#[derive(Clone, Copy, Debug)]
pub struct CohortWriter {
    /// The user, who may change the own ones.
    pub user: Uuid,
    /// Whether it may also change those of others.
    pub manages_all: bool,
}

impl TenantControl {
    /// Returns kept cohorts after the id `after`, by id, at most `limit`.
    pub async fn kept_cohorts(
        &self,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<KeptCohort>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let cohorts = sqlx::query_as(sql!("kept_cohort/list"))
            .bind(self.client_id().as_str())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(cohorts)
    }

    /// Returns those of the kept cohorts with these ids that exist.
    pub async fn kept_cohorts_with(
        &self,
        ids: &[Uuid],
    ) -> Result<Vec<KeptCohort>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let cohorts = sqlx::query_as(sql!("kept_cohort/get"))
            .bind(self.client_id().as_str())
            .bind(ids)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(cohorts)
    }

    /// Keeps a cohort. Returns it as it is stored; `None` when the tenant has `most` of them.
    pub async fn create_kept_cohort(
        &self,
        actor: &str,
        cohort: &KeptCohort,
        most: u32,
    ) -> Result<Option<KeptCohort>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let row = sqlx::query_as(sql!("kept_cohort/create"))
            .bind(self.client_id().as_str())
            .bind(cohort.cohort_id)
            .bind(&cohort.name)
            .bind(cohort.description.as_deref())
            .bind(&cohort.definition)
            .bind(cohort.created_by)
            .bind(cohort.created_at)
            .bind(i64::from(most))
            .fetch_optional(&mut transaction)
            .await?;
        self.kept(transaction, actor, "cohort.create", row).await
    }

    /// Replaces what a cohort says, except its author and the time of its creation. Returns it as it is
    /// stored; `None` when there is none that the writer may change.
    pub async fn replace_kept_cohort(
        &self,
        actor: &str,
        writer: CohortWriter,
        cohort: &KeptCohort,
    ) -> Result<Option<KeptCohort>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query_as(sql!("kept_cohort/replace"))
            .bind(self.client_id().as_str())
            .bind(cohort.cohort_id)
            .bind(&cohort.name)
            .bind(cohort.description.as_deref())
            .bind(&cohort.definition)
            .bind(cohort.updated_at)
            .bind(writer.user)
            .bind(writer.manages_all)
            .fetch_optional(&mut transaction)
            .await?;
        self.kept(transaction, actor, "cohort.replace", row).await
    }

    /// Deletes a cohort. Returns it; `None` when there is none that the writer may delete.
    pub async fn delete_kept_cohort(
        &self,
        actor: &str,
        writer: CohortWriter,
        cohort_id: Uuid,
    ) -> Result<Option<KeptCohort>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query_as(sql!("kept_cohort/delete"))
            .bind(self.client_id().as_str())
            .bind(cohort_id)
            .bind(writer.user)
            .bind(writer.manages_all)
            .fetch_optional(&mut transaction)
            .await?;
        self.kept(transaction, actor, "cohort.delete", row).await
    }

    /// Completes the transaction of a write, with an audit entry: everybody of the tenant sees a cohort.
    async fn kept(
        &self,
        mut transaction: Transaction,
        actor: &str,
        action: &str,
        row: Option<KeptCohort>,
    ) -> Result<Option<KeptCohort>, ControlPlaneError> {
        let Some(cohort) = row else {
            return Ok(None);
        };
        let entry = AuditEntry {
            action,
            client_id: Some(self.client_id()),
            subject: &format!("cohort:{}", cohort.cohort_id),
            detail: json!({ "name": cohort.name }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        Ok(Some(cohort))
    }
}
