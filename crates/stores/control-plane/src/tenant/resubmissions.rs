use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A rejected event that is to be published again, or was.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Resubmission {
    /// The event id it is published under.
    pub event_id: Uuid,
    /// A time before it was first published, if it ever was.
    pub reserved_at: DateTime<Utc>,
    /// When the log was known to contain it; `None` while that is not known.
    #[sqlx(rename = "replayed_at")]
    pub resubmitted_at: Option<DateTime<Utc>>,
}

impl TenantControl {
    /// Records that these events are to be published, before any of them is. Returns the record of
    /// each; existing records remain unchanged.
    pub async fn reserve_resubmissions(
        &self,
        actor: &str,
        event_ids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<Vec<Resubmission>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("resubmission/reserve"))
            .bind(self.client_id().as_str())
            .bind(event_ids)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "rejects.replay",
            client_id: Some(self.client_id()),
            subject: "rejects",
            detail: json!({ "events": event_ids.len() }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        let resubmissions = self.list_resubmissions(&mut transaction, event_ids).await?;
        transaction.commit().await?;
        Ok(resubmissions)
    }

    /// Returns the records of these events; none for an event that was never reserved.
    pub async fn resubmissions(
        &self,
        event_ids: &[Uuid],
    ) -> Result<Vec<Resubmission>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let resubmissions = self.list_resubmissions(&mut transaction, event_ids).await?;
        transaction.commit().await?;
        Ok(resubmissions)
    }

    /// Reserves an event again that is known not to have been published; `false` when another
    /// process has done so.
    pub async fn renew_resubmission(
        &self,
        seen: &Resubmission,
        now: DateTime<Utc>,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let renewed = sqlx::query(sql!("resubmission/renew"))
            .bind(self.client_id().as_str())
            .bind(seen.event_id)
            .bind(seen.reserved_at)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Records that the log contains these events.
    pub async fn mark_resubmitted(
        &self,
        event_ids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("resubmission/mark"))
            .bind(self.client_id().as_str())
            .bind(event_ids)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn list_resubmissions(
        &self,
        transaction: &mut Transaction,
        event_ids: &[Uuid],
    ) -> Result<Vec<Resubmission>, ControlPlaneError> {
        let listed = sqlx::query_as(sql!("resubmission/list"))
            .bind(self.client_id().as_str())
            .bind(event_ids)
            .fetch_all(transaction)
            .await?;
        Ok(listed)
    }
}
