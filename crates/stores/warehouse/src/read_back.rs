use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use clickhouse::{Client, query::Query};

use crate::{InsertBatch, Warehouse, WarehouseError, driver::within};

/// How long a read-back may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What the platform asks of its own inserts. Runs as the writer and sees coordinates only.
impl Warehouse {
    /// The offset and line of every row of the batch's range that is in its destination, ascending.
    /// A row that is there twice is listed twice.
    ///
    /// `logged` spans the log's times of the range: it bounds what the server reads.
    pub async fn present(
        &self,
        batch: &InsertBatch,
        logged: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Vec<(u64, u8)>, WarehouseError> {
        let sql = include_str!("../queries/platform/present.sql");
        let query = bind(self.writer(&batch.destination)?, sql, batch)
            .param("last", batch.last)
            .param("from", logged.start().timestamp_millis())
            .param("to", logged.end().timestamp_millis());
        within(READ_TIMEOUT, query.fetch_all()).await
    }

    /// The highest offset at or above the batch's first that is in its destination: rows of an owner
    /// whose marks the ledger no longer knows, as it was put back to an older state.
    ///
    /// `logged_since` is no later than the log's time of the batch's first record.
    pub async fn highest(
        &self,
        batch: &InsertBatch,
        logged_since: DateTime<Utc>,
    ) -> Result<Option<u64>, WarehouseError> {
        let sql = include_str!("../queries/platform/highest.sql");
        let query = bind(self.writer(&batch.destination)?, sql, batch);
        let query = query.param("from", logged_since.timestamp_millis());
        within(READ_TIMEOUT, query.fetch_one()).await
    }

    /// Whether the server is still at work on an insert that touches the batch's range. While it is,
    /// a read-back may miss what is about to land.
    pub async fn is_running(&self, batch: &InsertBatch) -> Result<bool, WarehouseError> {
        let sql = include_str!("../queries/platform/is_running.sql");
        let server = self.cluster(&batch.destination.cluster)?.server();
        let query = server
            .query_raw(sql)
            .param("log", batch.log())
            .param("destination", batch.tables())
            .param("first", batch.first)
            .param("last", batch.last);
        within(READ_TIMEOUT, query.fetch_one()).await
    }
}

fn bind(writer: Client, sql: &str, batch: &InsertBatch) -> Query {
    writer
        .query_raw(sql)
        .param("kgen", batch.kgen)
        .param("partition", batch.partition)
        .param("first", batch.first)
}
