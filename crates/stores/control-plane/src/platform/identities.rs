use auth::PasswordHash;
use serde_json::json;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, NewApiKey, NewUser, PlatformControl, audit, tenant};

impl PlatformControl {
    /// Makes a user of a tenant, or of the platform when there is none.
    pub async fn create_user(
        &self,
        client_id: Option<&ClientId>,
        user: &NewUser,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        tenant::users::create(&mut transaction, self.context.actor(), client_id, user).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether a user has this address, in whatever tenant.
    pub async fn email_is_taken(&self, email: &str) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query_scalar(sql!("user/email_is_taken"))
            .bind(email)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(taken)
    }

    /// Makes an API key of a tenant.
    pub async fn create_api_key(
        &self,
        client_id: &ClientId,
        key: &NewApiKey,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        tenant::api_keys::create(&mut transaction, self.context.actor(), client_id, key, None)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Makes an API key of a tenant in place of the one of the same name, which is revoked.
    pub async fn replace_api_key(
        &self,
        client_id: &ClientId,
        key: &NewApiKey,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("api_key/revoke_by_name"))
            .bind(client_id.as_str())
            .bind(&key.name)
            .execute(&mut transaction)
            .await?;
        tenant::api_keys::create(&mut transaction, self.context.actor(), client_id, key, None)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Gives a user of a tenant another password.
    pub async fn reset_password(
        &self,
        client_id: &ClientId,
        user_id: Uuid,
        password_hash: &PasswordHash,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("user/reset_password"))
            .bind(client_id.as_str())
            .bind(user_id)
            .bind(password_hash.as_str())
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "user.reset_password",
            client_id: Some(client_id),
            subject: &format!("user:{user_id}"),
            detail: json!({}),
        };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        Ok(transaction.commit().await?)
    }
}
