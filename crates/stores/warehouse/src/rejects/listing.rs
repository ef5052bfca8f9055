use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::{Row, query::Query};
use serde::Deserialize;
use uuid::Uuid;

use super::{RejectId, RejectedEvent};
use crate::{TenantWarehouse, WarehouseError};

/// Selects some of a tenant's rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectFilter {
    /// Those received in this range of time, its end excluded.
    pub received: Range<DateTime<Utc>>,
    /// Those with this code; `None` for all codes.
    pub code: Option<String>,
}

/// One entry of a list of rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectKey {
    /// The reject's id.
    pub id: RejectId,
    /// The number of bytes that were sent.
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
    /// Returns the newest rejects that are older than `before`, newest first, at most `limit`.
    pub async fn reject_page(
        &self,
        filter: &RejectFilter,
        before: Option<RejectId>,
        limit: u16,
    ) -> Result<Vec<RejectKey>, WarehouseError> {
        // The end of the range with the lowest id: all rejects received before the end precede it.
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

    /// Counts the rejects, by code.
    pub async fn reject_counts(
        &self,
        filter: &RejectFilter,
    ) -> Result<BTreeMap<String, u64>, WarehouseError> {
        let sql = include_str!("../../queries/rejects_counts.sql");
        let rows: Vec<(String, u64)> = self.fetch(sql, |query| bind(query, filter)).await?;
        Ok(rows.into_iter().collect())
    }

    /// Returns the tenant's rejects among these ids, each with at most the first `max_bytes` bytes
    /// that were sent.
    pub async fn rejects(
        &self,
        ids: impl IntoIterator<Item = RejectId>,
        max_bytes: u64,
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
                    .param("longest", max_bytes)
            })
            .await?;
        Ok(rows.into_iter().map(RejectedEvent::from).map(|reject| (reject.id, reject)).collect())
    }

    /// Returns those of these event ids that are in the table, with a log time in `logged`.
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
