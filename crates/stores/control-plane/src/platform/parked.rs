use std::time::Duration;

use chrono::{DateTime, Utc};
use log::{Offset, Partition};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ControlPlaneError, FoundParked, OpenParkedOrder, ParkedLot, PlatformControl,
    parked::{columns, counted, lot, number, open_order},
};

impl PlatformControl {
    /// Returns up to where the partitions of the topic with this id are counted. Forgets those of other topics.
    pub async fn counted_parked(
        &self,
        topic_id: &str,
    ) -> Result<Vec<(Partition, Offset)>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("parked/forget_other_topics"))
            .bind(topic_id)
            .execute(&mut transaction)
            .await?;
        let rows: Vec<(i32, i64)> = sqlx::query_as(sql!("parked/counted"))
            .bind(topic_id)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(counted).collect()
    }

    /// Counts the parked events of a partition from `from` up to `to`. `false`, and no change, if they are counted.
    pub async fn count_parked(
        &self,
        topic_id: &str,
        partition: Partition,
        (from, to): (Offset, Offset),
        found: &[FoundParked],
    ) -> Result<bool, ControlPlaneError> {
        let (number_of_it, start) = columns(partition, from);
        let (_, end) = columns(partition, to);
        let mut transaction = self.begin().await?;
        let advanced = sqlx::query(sql!("parked/advance"))
            .bind(topic_id)
            .bind(number_of_it)
            .bind(start)
            .bind(end)
            .execute(&mut transaction)
            .await?;
        if advanced.rows_affected() == 0 {
            return Ok(false);
        }
        for FoundParked { client_id, hour, events, bytes, first, last } in found {
            sqlx::query(sql!("parked/add"))
                .bind(client_id.as_str())
                .bind(topic_id)
                .bind(number_of_it)
                .bind(hour)
                .bind(number(*events))
                .bind(number(*bytes))
                .bind(columns(partition, *first).1)
                .bind(columns(partition, last.next()).1)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns the orders that are not finished, oldest first.
    pub async fn open_parked_orders(&self) -> Result<Vec<OpenParkedOrder>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(String, Uuid, String, Option<DateTime<Utc>>)> =
            sqlx::query_as(sql!("parked/to_do")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(open_order).collect()
    }

    /// Returns what an order is about: the tenant's lots of hours that began before `before`, or all.
    pub async fn parked_lots(
        &self,
        client_id: &ClientId,
        topic_id: &str,
        before: Option<DateTime<Utc>>,
    ) -> Result<Vec<ParkedLot>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(i32, DateTime<Utc>, i64, i64)> = sqlx::query_as(sql!("parked/lots"))
            .bind(client_id.as_str())
            .bind(topic_id)
            .bind(before)
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(lot).collect()
    }

    /// Records that an order has released or erased `events` of a lot, of so many `bytes`, which lie before `next`.
    /// `false`, and no change, if another process has taken them.
    pub async fn take_parked(
        &self,
        order: &OpenParkedOrder,
        topic_id: &str,
        from: &ParkedLot,
        next: Offset,
        (events, bytes): (u64, u64),
    ) -> Result<bool, ControlPlaneError> {
        let client_id = order.client_id.as_str();
        let (partition, first) = columns(from.partition, from.first);
        let (_, next) = columns(from.partition, next);
        let (events, bytes) = (number(events), number(bytes));
        let mut transaction = self.begin().await?;
        let mut taken = sqlx::query(sql!("parked/take_all"))
            .bind(client_id)
            .bind(topic_id)
            .bind(partition)
            .bind(from.hour)
            .bind(first)
            .bind(next)
            .bind(events)
            .execute(&mut transaction)
            .await?
            .rows_affected();
        if taken == 0 {
            taken = sqlx::query(sql!("parked/take"))
                .bind(client_id)
                .bind(topic_id)
                .bind(partition)
                .bind(from.hour)
                .bind(first)
                .bind(next)
                .bind(events)
                .bind(bytes)
                .execute(&mut transaction)
                .await?
                .rows_affected();
        }
        if taken == 0 {
            return Ok(false);
        }
        sqlx::query(sql!("parked/note"))
            .bind(client_id)
            .bind(order.order_id)
            .bind(events)
            .bind(bytes)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Records that an order is carried out.
    pub async fn finish_parked_order(
        &self,
        order: &OpenParkedOrder,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("parked/finish"))
            .bind(order.client_id.as_str())
            .bind(order.order_id)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Returns how long ago the oldest hour began of which something is parked; zero if nothing is.
    pub async fn oldest_parked(&self) -> Result<Duration, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let seconds: Option<f64> =
            sqlx::query_scalar(sql!("parked/oldest")).fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default())
    }

    /// Forgets what is parked of hours that began at `expired` or before. Returns how many events expired.
    pub async fn expire_parked(&self, expired: DateTime<Utc>) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let events: i64 = sqlx::query_scalar(sql!("parked/expire"))
            .bind(expired)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(events.cast_unsigned())
    }
}
