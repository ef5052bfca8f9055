use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct AuditRecord {
    /// Its number; ascends with every row.
    pub audit_id: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it: `user:<id>`, `key:<id>` or `cli`.
    pub actor: String,
    /// The action.
    pub action: String,
    /// The tenant it concerns.
    pub client_id: Option<String>,
    /// The object of the action.
    pub subject: String,
    /// Further details.
    pub detail: Value,
}

impl PlatformControl {
    /// Adds a row to the audit log.
    pub async fn audit(&self, entry: &AuditEntry<'_>) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        audit::append(&mut transaction, self.context.actor(), entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Returns rows of the audit log before `before`, latest first, at most `limit`.
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
