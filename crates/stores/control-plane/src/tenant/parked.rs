use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::{
    AuditEntry, ControlPlaneError, ParkedAction, ParkedHour, ParkedOrder, ParkedPlaces,
    TenantControl, audit,
    parked::{counted, lot},
};

impl TenantControl {
    /// Returns what is parked of each hour that began after `expired`, ascending.
    pub async fn parked_hours(
        &self,
        expired: DateTime<Utc>,
    ) -> Result<Vec<ParkedHour>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let hours = sqlx::query_as(sql!("parked/hours"))
            .bind(self.client_id().as_str())
            .bind(expired)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(hours)
    }

    /// Returns where the topic with this id has the tenant's parked events.
    pub async fn parked_places(&self, topic_id: &str) -> Result<ParkedPlaces, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        // Read first: what is counted meanwhile is then in a lot, or lies further on.
        let counted_to: Vec<(i32, i64)> = sqlx::query_as(sql!("parked/counted"))
            .bind(topic_id)
            .fetch_all(&mut transaction)
            .await?;
        let lots: Vec<(i32, DateTime<Utc>, i64, i64)> = sqlx::query_as(sql!("parked/lots"))
            .bind(self.client_id().as_str())
            .bind(topic_id)
            .bind(None::<DateTime<Utc>>)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(ParkedPlaces {
            counted: counted_to.into_iter().map(counted).collect::<Result<_, _>>()?,
            lots: lots.into_iter().map(lot).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the latest orders about parked events, at most `most`, latest first.
    pub async fn parked_orders(&self, most: u16) -> Result<Vec<ParkedOrder>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let orders = sqlx::query_as(sql!("parked/orders"))
            .bind(self.client_id().as_str())
            .bind(i64::from(most))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(orders)
    }

    /// Orders that parked events are released or erased: those that the log received before `before`, or all.
    /// `None` while another order of the tenant is not finished.
    pub async fn order_parked(
        &self,
        actor: &str,
        action: ParkedAction,
        before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Option<ParkedOrder>, ControlPlaneError> {
        let order_id = Uuid::now_v7();
        let mut transaction = self.begin().await?;
        let begun = sqlx::query(sql!("parked/begin_order"))
            .bind(self.client_id().as_str())
            .bind(order_id)
            .bind(action.as_str())
            .bind(before)
            .bind(actor)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        if begun.rows_affected() == 0 {
            return Ok(None);
        }
        let entry = AuditEntry {
            action: match action {
                ParkedAction::Release => "parked.release",
                ParkedAction::Erase => "parked.erase",
            },
            client_id: Some(self.client_id()),
            subject: "parked",
            detail: json!({ "order": order_id, "before": before }),
        };
        audit::append(&mut transaction, actor, &entry).await?;
        transaction.commit().await?;
        let asked_by = actor.to_owned();
        Ok(Some(ParkedOrder {
            order_id,
            action,
            before,
            asked_by,
            asked_at: now,
            events: 0,
            bytes: 0,
            finished_at: None,
        }))
    }
}
