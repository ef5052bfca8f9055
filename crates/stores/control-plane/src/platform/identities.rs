use auth::{ApiKeyId, KeyKind, PasswordHash};
use chrono::{DateTime, Utc};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ApiKey, ControlPlaneError, NewApiKey, NewInvitation, NewUser, PlatformControl, User, tenant,
};

/// The keys the platform's admins deal with. Those that read are their tenant's own affair.
const WRITING: [KeyKind; 2] = [KeyKind::Collect, KeyKind::Import];

impl PlatformControl {
    /// Makes a platform admin.
    pub async fn create_admin(
        &self,
        user: &NewUser,
        password_hash: &PasswordHash,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        tenant::users::create(&mut transaction, actor, None, user, Some(password_hash)).await?;
        Ok(transaction.commit().await?)
    }

    /// A tenant's users, by email.
    pub async fn users(&self, client_id: &ClientId) -> Result<Vec<User>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let users = tenant::users::list(&mut transaction, client_id).await?;
        transaction.commit().await?;
        Ok(users)
    }

    /// Makes a user of a tenant, who can log in once the invitation was accepted.
    pub async fn invite_user(
        &self,
        client_id: &ClientId,
        user: &NewUser,
        invitation: &NewInvitation,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        tenant::users::invite(&mut transaction, actor, client_id, user, invitation).await?;
        Ok(transaction.commit().await?)
    }

    /// Puts an invitation in the place of an invited user's, which is void from then on; `false`
    /// when nobody of this id is invited to the tenant.
    pub async fn renew_invitation(
        &self,
        client_id: &ClientId,
        user_id: Uuid,
        invitation: &NewInvitation,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        let found =
            tenant::invitations::put(&mut transaction, actor, client_id, user_id, invitation)
                .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Takes an invitation back, and with it the user it was for; `false` when nobody of this id is
    /// invited to the tenant.
    pub async fn revoke_invitation(
        &self,
        client_id: &ClientId,
        user_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        let found =
            tenant::invitations::revoke(&mut transaction, actor, client_id, user_id).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Invites a user of a half-made tenant again, whose invitation or password nobody was given.
    pub async fn invite_again(
        &self,
        client_id: &ClientId,
        user_id: Uuid,
        invitation: &NewInvitation,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("user/forget_password"))
            .bind(client_id.as_str())
            .bind(user_id)
            .execute(&mut transaction)
            .await?;
        let actor = self.context.actor();
        tenant::invitations::put(&mut transaction, actor, client_id, user_id, invitation).await?;
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

    /// A tenant's keys that write events, by name; revoked ones included.
    pub async fn writing_keys(
        &self,
        client_id: &ClientId,
    ) -> Result<Vec<ApiKey>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let mut keys = tenant::api_keys::list(&mut transaction, client_id).await?;
        transaction.commit().await?;
        keys.retain(|key| WRITING.contains(&key.kind));
        Ok(keys)
    }

    /// Makes an API key of a tenant, which ends at `expires_at`, if ever.
    pub async fn create_api_key(
        &self,
        client_id: &ClientId,
        key: &NewApiKey,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        tenant::api_keys::create(&mut transaction, actor, client_id, key, expires_at).await?;
        Ok(transaction.commit().await?)
    }

    /// Refuses a tenant's key that writes events from now on; `false` when there is none in use.
    pub async fn revoke_writing_key(
        &self,
        client_id: &ClientId,
        key_id: &ApiKeyId,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        let found =
            tenant::api_keys::revoke(&mut transaction, actor, client_id, key_id, &WRITING).await?;
        transaction.commit().await?;
        Ok(found)
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
}
