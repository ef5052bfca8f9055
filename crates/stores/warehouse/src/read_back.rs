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
        let query = bind(self.writer(&batch.destination)?, sql, batch, &logged);
        within(READ_TIMEOUT, query.fetch_all()).await
    }

    /// Whether the server is still at work on an insert of that name. While it is, a read-back may
    /// miss what is about to land.
    pub async fn is_running(&self, batch: &InsertBatch) -> Result<bool, WarehouseError> {
        let sql = include_str!("../queries/platform/is_running.sql");
        let server = self.cluster(&batch.destination.cluster)?.server();
        let query = server.query_raw(sql).param("query_id", batch.token());
        within(READ_TIMEOUT, query.fetch_one()).await
    }
}

fn bind(
    writer: Client,
    sql: &str,
    batch: &InsertBatch,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Query {
    writer
        .query_raw(sql)
        .param("kgen", batch.kgen)
        .param("partition", batch.partition)
        .param("first", batch.first)
        .param("last", batch.last)
        .param("from", logged.start().timestamp_millis())
        .param("to", logged.end().timestamp_millis())
}
