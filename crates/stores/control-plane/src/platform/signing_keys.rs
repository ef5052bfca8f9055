use auth::{KeyId, StoredSigningKey};
use serde_json::json;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit, pool::Transaction};

impl PlatformControl {
    /// Adds a key that signs access tokens once every process knows it.
    pub async fn add_signing_key(&self, key: &StoredSigningKey) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("signing_key/add"))
            .bind(key.id.as_str())
            .bind(&key.sealed_pkcs8)
            .bind(key.created_at)
            .execute(&mut transaction)
            .await?;
        self.record_signing_key(&mut transaction, "signing_key.add", &key.id).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes a key, whose tokens are then refused. Returns `false` if it does not exist, or is the only one.
    pub async fn remove_signing_key(&self, id: &KeyId) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        // Two removals at once must leave one.
        sqlx::query(sql!("signing_key/lock")).execute(&mut transaction).await?;
        let removed = sqlx::query(sql!("signing_key/remove"))
            .bind(id.as_str())
            .execute(&mut transaction)
            .await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        self.record_signing_key(&mut transaction, "signing_key.remove", id).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn record_signing_key(
        &self,
        transaction: &mut Transaction,
        action: &str,
        id: &KeyId,
    ) -> Result<(), ControlPlaneError> {
        let entry = AuditEntry { action, client_id: None, subject: id.as_str(), detail: json!({}) };
        audit::append(transaction, self.actor(), &entry).await
    }
}
