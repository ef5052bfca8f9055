use auth::SecretHash;
use chrono::{DateTime, Utc};
use serde_json::json;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// An invitation to be stored, for a user without a password.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation {
    /// The stored hash of its token.
    pub token_hash: SecretHash,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

impl TenantControl {
    /// Replaces the invitation of an invited user, which becomes invalid; `false` when the user is
    /// not invited: not a user of the tenant, or one who has accepted.
    pub async fn renew_invitation(
        &self,
        actor: &str,
        user_id: Uuid,
        invitation: &NewInvitation,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found = put(&mut transaction, actor, self.client_id(), user_id, invitation).await?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Revokes an invitation and deletes its user; `false` when the user is not invited.
    pub async fn revoke_invitation(
        &self,
        actor: &str,
        user_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let found = revoke(&mut transaction, actor, self.client_id(), user_id).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

pub(crate) async fn put(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    user_id: Uuid,
    invitation: &NewInvitation,
) -> Result<bool, ControlPlaneError> {
    let put = sqlx::query(sql!("invitation/put"))
        .bind(client_id.as_str())
        .bind(user_id)
        .bind(&invitation.token_hash.as_bytes()[..])
        .bind(invitation.expires_at)
        .execute(&mut *transaction)
        .await?;
    let found = put.rows_affected() == 1;
    if found {
        let entry = AuditEntry {
            action: "user.invite",
            client_id: Some(client_id),
            subject: &format!("user:{user_id}"),
            detail: json!({ "expires_at": invitation.expires_at }),
        };
        audit::append(transaction, actor, &entry).await?;
    }
    Ok(found)
}

pub(crate) async fn revoke(
    transaction: &mut Transaction,
    actor: &str,
    client_id: &ClientId,
    user_id: Uuid,
) -> Result<bool, ControlPlaneError> {
    let removed = sqlx::query(sql!("user/remove_invited"))
        .bind(client_id.as_str())
        .bind(user_id)
        .execute(&mut *transaction)
        .await?;
    let found = removed.rows_affected() == 1;
    if found {
        let entry = AuditEntry {
            action: "user.uninvite",
            client_id: Some(client_id),
            subject: &format!("user:{user_id}"),
            detail: json!({}),
        };
        audit::append(transaction, actor, &entry).await?;
    }
    Ok(found)
}
