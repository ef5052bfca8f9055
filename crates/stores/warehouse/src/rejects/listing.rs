use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::{Row, query::Query};
use serde::Deserialize;
use uuid::Uuid;

use super::{RejectId, RejectedEvent};
use crate::{TenantWarehouse, WarehouseError};

/// Which of a tenant's rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectFilter {
    /// Received at this time or later, and before the end.
    pub received: Range<DateTime<Utc>>,
    /// Of this code; any when there is none.
    pub code: Option<String>,
}

/// A reject of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectKey {
    /// Its id.
    pub id: RejectId,
    /// How many bytes were sent.
    pub bytes: u64,
}

#[derive(Row, Deserialize)]
struct RejectRow {
    #[serde(with = "clickhouse::serde::uuid")]
    reject_id: Uuid,
    code: String,
    pointer: String,
    reason: String,
    #[serde(with = "clickhouse::serde::uuid::option")]
    event_id: Option<Uuid>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    sent_at: Option<DateTime<Utc>>,
    history: bool,
    set_aside: bool,
    original: Bytes,
}

#[derive(Row, Deserialize)]
struct KeyRow {
    #[serde(with = "clickhouse::serde::uuid")]
    reject_id: Uuid,
    bytes: u64,
}

#[derive(Row, Deserialize)]
struct IdRow {
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
}

impl TenantWarehouse {
    /// The newest rejects that are older than `before`, newest first, at most `limit`.
    pub async fn reject_page(
        &self,
        filter: &RejectFilter,
        before: Option<RejectId>,
        limit: u16,
    ) -> Result<Vec<RejectKey>, WarehouseError> {
        // What was received before the end stands before the end's first id, too.
        let (time, id) = before
            .and_then(|id| Some((id.received_at()?, id.uuid())))
            .unwrap_or((filter.received.end, Uuid::nil()));
        let sql = include_str!("../../queries/rejects_page.sql");
        let rows: Vec<KeyRow> = self
            .fetch(sql, |query| {
                bind(query, filter)
                    .param("before", time.timestamp_millis())
                    .param("before_id", id.to_string())
                    .param("limit", limit)
            })
            .await?;
        let key = |row: KeyRow| RejectKey { id: RejectId::stored(row.reject_id), bytes: row.bytes };
        Ok(rows.into_iter().map(key).collect())
    }

    /// How many rejects there are, by code.
    pub async fn reject_counts(
        &self,
        filter: &RejectFilter,
    ) -> Result<BTreeMap<String, u64>, WarehouseError> {
        let sql = include_str!("../../queries/rejects_counts.sql");
        let rows: Vec<(String, u64)> = self.fetch(sql, |query| bind(query, filter)).await?;
        Ok(rows.into_iter().collect())
    }

    /// The rejects of these ids, as far as the tenant has them, each with the first `longest`
    /// bytes of what was sent.
    pub async fn rejects(
        &self,
        ids: impl IntoIterator<Item = RejectId>,
        longest: u64,
    ) -> Result<BTreeMap<RejectId, RejectedEvent>, WarehouseError> {
        let ids: BTreeMap<_, _> =
            ids.into_iter().filter_map(|id| Some((id, id.received_at()?))).collect();
        let (Some(first), Some(last)) = (ids.values().min(), ids.values().max()) else {
            return Ok(BTreeMap::new());
        };
        let names: Vec<_> = ids.keys().map(ToString::to_string).collect();
        let sql = include_str!("../../queries/rejects_by_id.sql");
        let rows: Vec<RejectRow> = self
            .fetch(sql, |query| {
                query
                    .param("first", first.timestamp_millis())
                    .param("last", last.timestamp_millis())
                    .param("ids", names)
                    .param("longest", longest)
            })
            .await?;
        Ok(rows.into_iter().map(RejectedEvent::from).map(|reject| (reject.id, reject)).collect())
    }

    /// Which of these events are in the table, among those that the log took in within a range.
    pub async fn events_present(
        &self,
        ids: &[Uuid],
        logged: Range<DateTime<Utc>>,
    ) -> Result<Vec<Uuid>, WarehouseError> {
        let names: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let sql = include_str!("../../queries/events_present.sql");
        let rows: Vec<IdRow> = self
            .fetch(sql, |query| {
                query
                    .param("from", logged.start.timestamp_millis())
                    .param("to", logged.end.timestamp_millis())
                    .param("ids", names)
            })
            .await?;
        Ok(rows.into_iter().map(|row| row.event_id).collect())
    }
}

fn bind(query: Query, filter: &RejectFilter) -> Query {
    query
        .param("from", filter.received.start.timestamp_millis())
        .param("to", filter.received.end.timestamp_millis())
        .param("code", filter.code.as_deref().unwrap_or_default())
}

impl From<RejectRow> for RejectedEvent {
    fn from(row: RejectRow) -> Self {
        Self {
            id: RejectId::stored(row.reject_id),
            code: row.code,
            pointer: row.pointer,
            reason: row.reason,
            event_id: row.event_id,
            sent_at: row.sent_at,
            history: row.history,
            set_aside: row.set_aside,
            original: row.original,
        }
    }
}
