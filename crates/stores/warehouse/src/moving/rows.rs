use std::collections::BTreeMap;

use clickhouse::query::Query;
use log::{Generation, Offset, Partition};
use tenancy::{ClientId, Destination};

use super::{Copied, PieceTally, RowLane, RowPiece, STATEMENT_TIMEOUT, bounds, day};
use crate::{InsertError, LogFrontier, Warehouse, WarehouseError, driver::within, insert::INSERT};

/// The most rows of a piece, but for further lines of its last event.
const PIECE_ROWS: u32 = 20_000;

impl Warehouse {
    /// Counts a tenant's rows below a frontier, by lane.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn row_lanes(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        below: &LogFrontier,
    ) -> Result<BTreeMap<RowLane, u64>, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_lanes.sql");
        let query = self
            .writer(destination)?
            .query_raw(sql)
            .param("client_id", client_id.as_str())
            .param("kgen", below.generation)
            .param("ends", &below.offsets);
        let found: Vec<(u32, u16, u16, u64)> = within(STATEMENT_TIMEOUT, query.fetch_all()).await?;
        found
            .into_iter()
            .map(|(number, generation, partition, rows)| {
                let generation = Generation::new(generation);
                let partition = Partition::new(partition);
                Ok((RowLane { day: day(number)?, generation, partition }, rows))
            })
            .collect()
    }

    /// Returns the next piece of a lane from the offset `first` on, as large as one should be. It ends with
    /// `last` if the lane has no further rows.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn next_piece(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        lane: RowLane,
        first: Offset,
        last: Offset,
    ) -> Result<RowPiece, WarehouseError> {
        let rest = RowPiece { lane, first, last };
        let sql = include_str!("../../queries/platform/move_piece.sql");
        let query = self.piece_query(destination, client_id, sql, rest)?.param("most", PIECE_ROWS);
        let (end, rows): (Option<u64>, u64) = within(STATEMENT_TIMEOUT, query.fetch_one()).await?;
        Ok(match end {
            Some(end) if rows >= u64::from(PIECE_ROWS) => {
                RowPiece { last: Offset::new(end), ..rest }
            }
            _ => rest,
        })
    }

    /// Returns what a piece has in one set of tables.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn piece_tally(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        piece: RowPiece,
    ) -> Result<PieceTally, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_tally.sql");
        let query = self.piece_query(destination, client_id, sql, piece)?;
        let (rows, distinct, hash) = within(STATEMENT_TIMEOUT, query.fetch_one()).await?;
        Ok(PieceTally { rows, distinct, hash })
    }

    /// Copies the rows of a piece, as one block under this token. Returns how many there are.
    ///
    /// # Errors
    /// As [`Warehouse::insert`]. After any of them, compare the piece.
    pub async fn copy_piece(
        &self,
        from: &Destination,
        to: &Destination,
        client_id: &ClientId,
        piece: RowPiece,
        token: &str,
    ) -> Result<u64, InsertError> {
        let read = self.read_piece(from, client_id, piece).await;
        let Copied { rows, body } = read.map_err(InsertError::retriable)?;
        if !body.is_empty() {
            let count = usize::try_from(rows).unwrap_or(usize::MAX);
            self.insert_body(to, INSERT, Some(token), body, count).await?;
        }
        Ok(rows)
    }

    /// Removes the rows of a piece. Returns once they are gone.
    ///
    /// # Errors
    /// ClickHouse is unavailable; the rows may still be removed later.
    pub async fn remove_piece(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        piece: RowPiece,
    ) -> Result<(), WarehouseError> {
        let sql = include_str!("../../queries/platform/move_remove.sql");
        let query = self.piece_query(destination, client_id, sql, piece)?;
        within(STATEMENT_TIMEOUT, query.with_setting("mutations_sync", "1").execute()).await
    }

    /// Whether the server runs no copy whose token begins with `names`, and no deletion of the tenant's rows.
    /// What a process sent before it froze may still run, and change rows that others have compared.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn is_settled(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        names: &str,
    ) -> Result<bool, WarehouseError> {
        let sql = include_str!("../../queries/platform/move_is_settled.sql");
        let server = self.cluster(&destination.cluster)?.server();
        let query = server
            .query_raw(sql)
            .param("database", &destination.database)
            .param("client_id", client_id.as_str())
            .param("names", names);
        within(STATEMENT_TIMEOUT, query.fetch_one()).await
    }

    async fn read_piece(
        &self,
        from: &Destination,
        client_id: &ClientId,
        piece: RowPiece,
    ) -> Result<Copied, WarehouseError> {
        let tally = self.piece_tally(from, client_id, piece).await?;
        let sql = include_str!("../../queries/platform/move_rows.sql");
        let query = self.piece_query(from, client_id, sql, piece)?;
        let mut cursor = query.fetch_bytes("Native").map_err(WarehouseError::from_driver)?;
        let body = within(STATEMENT_TIMEOUT, cursor.collect()).await?;
        Ok(Copied { rows: tally.rows, body })
    }

    fn piece_query(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        sql: &str,
        piece: RowPiece,
    ) -> Result<Query, WarehouseError> {
        let RowPiece { lane, first, last } = piece;
        let (from, to) = bounds(lane.day);
        let query = self.writer(destination)?.query_raw(sql);
        Ok(query
            .param("client_id", client_id.as_str())
            .param("from", from.timestamp_millis())
            .param("to", to.timestamp_millis())
            .param("kgen", lane.generation)
            .param("partition", lane.partition)
            .param("first", first)
            .param("last", last))
    }
}
