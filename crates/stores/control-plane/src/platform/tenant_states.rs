use serde_json::json;
use tenancy::{ClientId, TenantState};

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit, pool::Transaction};

impl PlatformControl {
    /// Lets a tenant that was provisioned send and read; `false` when it is in another state.
    pub async fn activate_tenant(&self, client_id: &ClientId) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let to = TenantState::Active;
        let change = StateChange { from: &[TenantState::Provisioning], to, reason: None };
        let changed = change_state(&mut transaction, client_id, &change).await?;
        if changed {
            let entry = AuditEntry {
                action: "tenant.set_state",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({ "state": to }),
            };
            audit::append(&mut transaction, self.context.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// Suspends an active tenant, revokes its tokens and queues its running report jobs again; changes the
    /// reason if it is suspended. What it sent before is processed to the end. `false` when the tenant is in
    /// another state.
    pub async fn suspend_tenant(
        &self,
        client_id: &ClientId,
        reason: &str,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let change = StateChange {
            from: &[TenantState::Active, TenantState::Suspended],
            to: TenantState::Suspended,
            reason: Some(reason),
        };
        let changed = change_state(&mut transaction, client_id, &change).await?;
        if changed {
            sqlx::query(sql!("report_queue/requeue"))
                .bind(client_id.as_str())
                .execute(&mut transaction)
                .await?;
            let entry = AuditEntry {
                action: "tenant.suspend",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({ "reason": reason }),
            };
            audit::append(&mut transaction, self.context.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// Lets a suspended tenant send and read again, or one within its grace period; that is suspended again if it
    /// was before. `false` when the tenant is in another state.
    pub async fn resume_tenant(&self, client_id: &ClientId) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let resumed: Option<String> = sqlx::query_scalar(sql!("tenant/resume"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        if let Some(state) = &resumed {
            sqlx::query(sql!("offboarding/cancel"))
                .bind(client_id.as_str())
                .execute(&mut transaction)
                .await?;
            let entry = AuditEntry {
                action: "tenant.resume",
                client_id: Some(client_id),
                subject: client_id.as_str(),
                detail: json!({ "state": state }),
            };
            audit::append(&mut transaction, self.context.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(resumed.is_some())
    }
}

/// A change of a tenant's state.
pub(super) struct StateChange<'a> {
    /// The states in which it is possible.
    pub(super) from: &'a [TenantState],
    pub(super) to: TenantState,
    /// The reason that the owners read.
    pub(super) reason: Option<&'a str>,
}

/// Changes a tenant's state; `false` when it is in none of the states from which that is possible.
pub(super) async fn change_state(
    transaction: &mut Transaction,
    client_id: &ClientId,
    change: &StateChange<'_>,
) -> Result<bool, ControlPlaneError> {
    let from: Vec<_> = change.from.iter().map(|state| state.as_str()).collect();
    let changed = sqlx::query(sql!("tenant/set_state"))
        .bind(client_id.as_str())
        .bind(change.to.as_str())
        .bind(change.reason)
        .bind(from)
        .execute(transaction)
        .await?;
    Ok(changed.rows_affected() == 1)
}
