use serde_json::Value;
use tenancy::ClientId;

use crate::{ControlPlaneError, pool::Transaction};

/// An action to be recorded in the audit log. Contains no secret.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// The action, such as `tenant.create`.
    pub action: &'a str,
    /// The tenant it concerns; `None` for the platform's own.
    pub client_id: Option<&'a ClientId>,
    /// The object of the action, such as a key's id.
    pub subject: &'a str,
    /// Further details.
    pub detail: Value,
}

pub(crate) async fn append(
    transaction: &mut Transaction,
    actor: &str,
    entry: &AuditEntry<'_>,
) -> Result<(), ControlPlaneError> {
    sqlx::query(sql!("audit/append"))
        .bind(actor)
        .bind(entry.action)
        .bind(entry.client_id.map(ClientId::as_str))
        .bind(entry.subject)
        .bind(&entry.detail)
        .execute(transaction)
        .await?;
    Ok(())
}
