use serde_json::json;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit};

impl TenantControl {
    /// Removes a user's second factor and recovery codes; `false` when the user of the tenant has none.
    pub async fn remove_second_factor(
        &self,
        actor: &str,
        user_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query(sql!("second_factor/remove"))
            .bind(user_id)
            .bind(self.client_id().as_str())
            .execute(&mut transaction)
            .await?;
        let found = removed.rows_affected() == 1;
        if found {
            let entry = AuditEntry {
                action: "second_factor.remove",
                client_id: Some(self.client_id()),
                subject: &format!("user:{user_id}"),
                detail: json!({}),
            };
            audit::append(&mut transaction, actor, &entry).await?;
        }
        transaction.commit().await?;
        Ok(found)
    }

    /// Sets whether the tenant's owners log in only with a second factor.
    pub async fn set_owners_need_second_factor(
        &self,
        actor: &str,
        needed: bool,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("tenant/set_needs_second_factor"))
            .bind(self.client_id().as_str())
            .bind(needed)
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "tenant.second_factor",
            client_id: Some(self.client_id()),
            subject: self.client_id().as_str(),
            detail: json!({ "owners_need_second_factor": needed }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        Ok(transaction.commit().await?)
    }
}
