use auth::{ApiKeyId, KeyKind, PasswordHash, Role};
use chrono::{DateTime, Utc};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ApiKey, ControlPlaneError, NewApiKey, NewInvitation, NewUser, PlatformControl, User, tenant,
};

/// The kinds of keys that platform admins manage. Each tenant manages its own `read` keys.
const WRITING: [KeyKind; 2] = [KeyKind::Collect, KeyKind::Import];

impl PlatformControl {
    /// Creates a platform admin.
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

    /// Returns a tenant's users, by email.
    pub async fn users(&self, client_id: &ClientId) -> Result<Vec<User>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let users = tenant::users::list(&mut transaction, client_id).await?;
        transaction.commit().await?;
        Ok(users)
    }

    /// Creates a user of a tenant, who can log in after accepting the invitation.
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

    /// Replaces the invitation of an invited user, which becomes invalid; `false` when the user is
    /// not invited to the tenant.
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

    /// Revokes an invitation and deletes its user; `false` when the user is not invited to the
    /// tenant.
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

    /// Removes an owner's password and ends the owner's sessions. `token` sets another password,
    /// once. Returns `false` when the tenant has no such owner who has joined, or the owner is
    /// disabled. Other users' passwords are reset by an owner.
    pub async fn reset_owner_password(
        &self,
        client_id: &ClientId,
        user_id: Uuid,
        token: &NewInvitation,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let actor = self.context.actor();
        let found = tenant::password_resets::reset(
            &mut transaction,
            actor,
            client_id,
            user_id,
            &[Role::Owner],
            token,
        )
        .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Invites a user of a half-created tenant again, whose invitation or password was never
    /// delivered.
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

    /// Whether a platform admin has this address.
    pub async fn has_admin(&self, email: &str) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query_scalar(sql!("user/has_admin"))
            .bind(email)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Returns a tenant's keys that write events, by name, including revoked keys.
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

    /// Creates an API key of a tenant, which expires at `expires_at`, if ever.
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

    /// Revokes a tenant's key that writes events; `false` when no such key is in use.
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

    /// Creates an API key of a tenant and revokes its key of the same name.
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
