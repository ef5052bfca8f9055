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

    /// Records that the server of these tables has recovered them as of `until`, and ends every session: those that
    /// were ended since would go on. Returns how many.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn note_recovery(
        &self,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let ended = sqlx::query(sql!("refresh_family/end_all"))
            .bind(now)
            .execute(&mut transaction)
            .await?
            .rows_affected();
        let entry = AuditEntry {
            action: "restore.recover",
            client_id: None,
            subject: "postgres",
            detail: json!({ "until": until, "sessions": ended }),
        };
        audit::append(&mut transaction, self.actor(), &entry).await?;
        transaction.commit().await?;
        Ok(ended)
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
