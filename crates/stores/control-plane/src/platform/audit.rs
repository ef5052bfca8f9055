use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct AuditRecord {
    /// Rises with every row.
    pub audit_id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: `user:<id>`, `key:<id>` or `cli`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The tenant it was done to.
    pub client_id: Option<String>,
    /// What it was done to.
    pub subject: String,
    /// What else there is to know.
    pub detail: Value,
}

impl PlatformControl {
    /// Adds a row to the audit log.
    pub async fn audit(&self, entry: &AuditEntry<'_>) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        audit::append(&mut transaction, self.context.actor(), entry).await?;
        Ok(transaction.commit().await?)
    }

    /// The audit log, latest first, rows before `before`, at most `limit`.
    pub async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<AuditRecord>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let records = sqlx::query_as(sql!("audit/list"))
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(records)
    }
}
