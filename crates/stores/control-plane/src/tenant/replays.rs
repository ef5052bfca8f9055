use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A rejected event that is to be, or was, put into the log.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Replay {
    /// What it is called as an event.
    pub event_id: Uuid,
    /// A moment before it was first published, if ever.
    pub reserved_at: DateTime<Utc>,
    /// When the log was known to have it; `None` while that is not known.
    pub replayed_at: Option<DateTime<Utc>>,
}

impl TenantControl {
    /// Notes, before anything is published, that these events are to be, and tells what is known
    /// of each. What was noted before stays as it is.
    pub async fn reserve_replays(
        &self,
        actor: &str,
        event_ids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<Vec<Replay>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("replay/reserve"))
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
        let replays = self.listed(&mut transaction, event_ids).await?;
        transaction.commit().await?;
        Ok(replays)
    }

    /// What is known of these events; nothing for one that was never to be replayed.
    pub async fn replays(&self, event_ids: &[Uuid]) -> Result<Vec<Replay>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let replays = self.listed(&mut transaction, event_ids).await?;
        transaction.commit().await?;
        Ok(replays)
    }

    /// Notes anew that an event is to be published, now that it is known not to have been; `false`
    /// when another has done so.
    pub async fn renew_replay(
        &self,
        seen: &Replay,
        now: DateTime<Utc>,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let renewed = sqlx::query(sql!("replay/renew"))
            .bind(self.client_id().as_str())
            .bind(seen.event_id)
            .bind(seen.reserved_at)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Notes that the log has these events.
    pub async fn mark_replayed(
        &self,
        event_ids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("replay/mark"))
            .bind(self.client_id().as_str())
            .bind(event_ids)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn listed(
        &self,
        transaction: &mut Transaction,
        event_ids: &[Uuid],
    ) -> Result<Vec<Replay>, ControlPlaneError> {
        let listed = sqlx::query_as(sql!("replay/list"))
            .bind(self.client_id().as_str())
            .bind(event_ids)
            .fetch_all(transaction)
            .await?;
        Ok(listed)
    }
}
