use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

impl PlatformControl {
    /// Records a backup that is complete: of each store in it, `postgres`, `clickhouse` or `archive`, the time before
    /// which everything is in its copy.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn note_backup(
        &self,
        name: &str,
        copies: &[(&str, DateTime<Utc>)],
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        for (store, copied_at) in copies {
            sqlx::query(sql!("backup/note"))
                .bind(*store)
                .bind(name)
                .bind(copied_at)
                .execute(&mut transaction)
                .await?;
        }
        let stores: Vec<_> = copies.iter().map(|(store, _)| store).collect();
        let entry = AuditEntry {
            action: "backup.write",
            client_id: None,
            subject: name,
            detail: json!({ "stores": stores }),
        };
        audit::append(&mut transaction, self.actor(), &entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Returns of each store that was ever backed up the time of its latest copy.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn latest_copies(&self) -> Result<Vec<(String, DateTime<Utc>)>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let copies = sqlx::query_as(sql!("backup/latest")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(copies)
    }
}
