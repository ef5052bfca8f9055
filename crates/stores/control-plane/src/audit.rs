use serde_json::Value;
use tenancy::ClientId;

use crate::{ControlPlaneError, pool::Transaction};

/// An action worth remembering. Holds no secret.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// What was done, such as `tenant.create`.
    pub action: &'a str,
    /// The tenant it was done to; `None` for the platform's own.
    pub client_id: Option<&'a ClientId>,
    /// What it was done to, such as a key's id.
    pub subject: &'a str,
    /// What else there is to know.
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
