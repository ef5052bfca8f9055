use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clickhouse::query::Query;
use tenancy::{ClientId, Destination};

use super::{PieceTally, STATEMENT_TIMEOUT, bounds, day};
use crate::{InsertError, Warehouse, WarehouseError, driver::within};

/// The most rejects that are copied at once, but for others of the same millisecond: each may have a whole
/// request's bytes.
const PIECE_REJECTS: u32 = 200;

/// Sent without its last line break, which the server would read as the first byte of the block.
const INSERT: &str = include_str!("../../queries/platform/insert_rejects.sql");

impl Warehouse {
    /// Returns what each day has of a tenant's rejects that were received before `until`.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn reject_days(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<NaiveDate, PieceTally>, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_reject_days.sql");
        let query = self.writer(destination)?.query_raw(sql);
        let query = query.param("client_id", client_id.as_str());
        let query = query.param("to", until.timestamp_millis());
        let found: Vec<(u32, u64, u64, u64)> = within(STATEMENT_TIMEOUT, query.fetch_all()).await?;
        found
            .into_iter()
            .map(|(number, rows, distinct, hash)| {
                Ok((day(number)?, PieceTally { rows, distinct, hash }))
            })
            .collect()
    }

    /// Copies a tenant's rejects of one day that were received before `until`. One that is there already changes
    /// nothing.
    ///
    /// # Errors
    /// Some may not be copied.
    pub async fn copy_rejects(
        &self,
        from: &Destination,
        to: &Destination,
        client_id: &ClientId,
        day: NaiveDate,
        until: DateTime<Utc>,
    ) -> Result<(), InsertError> {
        let (mut start, end) = bounds(day);
        let end = end.min(until);
        while start < end {
            let piece = self.reject_piece(from, client_id, start, end).await;
            let (piece_end, rows) = piece.map_err(InsertError::retriable)?;
            if rows == 0 {
                return Ok(());
            }
            let body = self.read_rejects(from, client_id, start, piece_end).await;
            let body = body.map_err(InsertError::retriable)?;
            let count = usize::try_from(rows).unwrap_or(usize::MAX);
            self.insert_body(to, INSERT, None, body, count).await?;
            start = piece_end;
        }
        Ok(())
    }

    /// Returns the end of the first piece of a time, which is not part of it, and how many rejects it has.
    async fn reject_piece(
        &self,
        from: &Destination,
        client_id: &ClientId,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<(DateTime<Utc>, u64), WarehouseError> {
        let sql = include_str!("../../queries/platform/move_reject_piece.sql");
        let query = self.reject_query(from, client_id, sql, start, end)?;
        let query = query.param("most", PIECE_REJECTS).fetch_one();
        let (last, rows): (i64, u64) = within(STATEMENT_TIMEOUT, query).await?;
        let last = DateTime::from_timestamp_millis(last).unwrap_or_default();
        Ok((last + TimeDelta::milliseconds(1), rows))
    }

    async fn read_rejects(
        &self,
        from: &Destination,
        client_id: &ClientId,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<bytes::Bytes, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_rejects.sql");
        let query = self.reject_query(from, client_id, sql, start, end)?;
        let mut cursor = query.fetch_bytes("Native").map_err(WarehouseError::from_driver)?;
        within(STATEMENT_TIMEOUT, cursor.collect()).await
    }

    fn reject_query(
        &self,
        from: &Destination,
        client_id: &ClientId,
        sql: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<Query, WarehouseError> {
        let query = self.writer(from)?.query_raw(sql);
        Ok(query
            .param("client_id", client_id.as_str())
            .param("from", start.timestamp_millis())
            .param("to", end.timestamp_millis()))
    }
}
