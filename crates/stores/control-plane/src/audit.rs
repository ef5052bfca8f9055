use std::net::IpAddr;

use serde_json::Value;
use tenancy::ClientId;

use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

tokio::task_local! {
    static SOURCE: AuditSource;
}

/// An action to be recorded in the audit log. Contains no secret.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// The action, such as `tenant.create`.
    pub action: &'a str,
    /// The tenant it concerns; `None` for the platform's own.
    pub client_id: Option<&'a ClientId>,
    /// The object of the action, such as a key's id.
    pub subject: &'a str,
    /// Further details; of a change, `before` holds what was there.
    pub detail: Value,
}

/// From where an action comes.
#[derive(Clone, Debug)]
pub struct AuditSource {
    /// The network address of the client.
    pub address: IpAddr,
    /// The id of the request.
    pub request_id: String,
}

impl AuditSource {
    /// Runs the work of a request. What it records in the audit log names this source.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        SOURCE.scope(self, work).await
    }
}

/// The source of the current work, as columns.
pub(crate) struct SourceColumns {
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl SourceColumns {
    /// Returns that of the current request; nothing outside of requests.
    pub(crate) fn current() -> Self {
        let current = SOURCE.try_with(|source| {
            let AuditSource { address, request_id } = source;
            Self { address: Some(address.to_string()), request_id: Some(request_id.clone()) }
        });
        current.unwrap_or(Self { address: None, request_id: None })
    }
}

impl ControlPlane {
    /// Records that `actor` was refused something, or read something: what no transaction of its own
    /// records.
    pub async fn record_access(
        &self,
        actor: &str,
        entry: &AuditEntry<'_>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin_platform().await?;
        append(&mut transaction, actor, entry).await?;
        Ok(transaction.commit().await?)
    }
}

pub(crate) async fn append(
    transaction: &mut Transaction,
    actor: &str,
    entry: &AuditEntry<'_>,
) -> Result<(), ControlPlaneError> {
    let SourceColumns { address, request_id } = SourceColumns::current();
    sqlx::query(sql!("audit/append"))
        .bind(actor)
        .bind(entry.action)
        .bind(entry.client_id.map(ClientId::as_str))
        .bind(entry.subject)
        .bind(&entry.detail)
        .bind(address)
        .bind(request_id)
        .execute(transaction)
        .await?;
    Ok(())
}
