use auth::Role;
use serde_json::json;
use tenancy::ClientId;
use uuid::Uuid;

use super::invitations::NewInvitation;
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

impl TenantControl {
    /// Removes a user's password and ends the user's sessions. `token` sets another password, once.
    /// Returns `false` when the tenant has no such user who has joined, or the user is disabled.
    pub async fn reset_password(
        &self,
        actor: &str,
        user_id: Uuid,
        token: &NewInvitation,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found =
            reset(&mut transaction, actor, self.client_id(), user_id, &Role::ALL, token).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

/// Resets the password of a user who has one of these roles.
pub(crate) async fn reset(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    user_id: Uuid,
    roles: &[Role],
    token: &NewInvitation,
) -> Result<bool, ControlPlaneError> {
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let put = sqlx::query(sql!("invitation/put_reset"))
        .bind(client_id.as_str())
        .bind(user_id)
        .bind(roles)
        .bind(&token.token_hash.as_bytes()[..])
        .bind(token.expires_at)
        .execute(&mut *transaction)
        .await?;
    let found = put.rows_affected() == 1;
    if found {
        let entry = AuditEntry {
            action: "user.reset_password",
            client_id: Some(client_id),
            subject: &format!("user:{user_id}"),
            detail: json!({ "expires_at": token.expires_at }),
        };
        audit::append(transaction, actor, &entry).await?;
    }
    Ok(found)
}
