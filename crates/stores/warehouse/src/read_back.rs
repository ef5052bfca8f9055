use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use log::Offset;
use tokio::time::sleep;

use crate::{
    InsertBatch, RowPlace, Warehouse, WarehouseError,
    driver::within,
    parameters::{bind_range, bind_start},
};

/// How long a read-back may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The pause between two checks whether an insert still runs.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// Queries about the platform's own inserts. They run as the writer and read coordinates only.
impl Warehouse {
    /// Returns the offset and line of every row of the batch's range that its destination holds,
    /// ascending. A row that is stored twice is listed twice.
    ///
    /// `logged` spans the log times of the range: it bounds what the server reads.
    pub async fn present(
        &self,
        batch: &InsertBatch,
        logged: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Vec<RowPlace>, WarehouseError> {
        let sql = include_str!("../queries/platform/present.sql");
        let query = self.writer(&batch.destination)?.query_raw(sql);
        let query = bind_range(query, batch.range, &logged);
        let rows: Vec<(u64, u8)> = within(READ_TIMEOUT, query.fetch_all()).await?;
        let place = |(offset, line)| RowPlace { offset: Offset::new(offset), line };
        Ok(rows.into_iter().map(place).collect())
    }

    /// Returns the highest offset, at or above the batch's first, that its destination holds. The
    /// ledger does not know of such rows if it was restored to an older state.
    ///
    /// `logged_since` is no later than the log time of the batch's first record.
    pub async fn highest(
        &self,
        batch: &InsertBatch,
        logged_since: DateTime<Utc>,
    ) -> Result<Option<Offset>, WarehouseError> {
        let sql = include_str!("../queries/platform/highest.sql");
        let query = self.writer(&batch.destination)?.query_raw(sql);
        let query = bind_start(query, batch.range).param("from", logged_since.timestamp_millis());
        let highest: Option<u64> = within(READ_TIMEOUT, query.fetch_one()).await?;
        Ok(highest.map(Offset::new))
    }

    /// Returns whether the server still runs an insert that overlaps the batch's range. Until it
    /// ends, a read-back may miss its rows.
    pub async fn is_running(&self, batch: &InsertBatch) -> Result<bool, WarehouseError> {
        let sql = include_str!("../queries/platform/is_running.sql");
        let server = self.cluster(&batch.destination.cluster)?.server();
        let query = server
            .query_raw(sql)
            .param("log", batch.name_prefix())
            .param("destination", batch.destination.to_string())
            .param("first", batch.range.first)
            .param("last", batch.range.last);
        within(READ_TIMEOUT, query.fetch_one()).await
    }

    /// Waits until the server runs no insert that overlaps the batch's range, however long that
    /// takes.
    ///
    /// # Errors
    /// When a check fails, as [`Warehouse::is_running`].
    pub async fn wait_until_no_insert_runs(
        &self,
        batch: &InsertBatch,
    ) -> Result<(), WarehouseError> {
        while self.is_running(batch).await? {
            sleep(CHECK_INTERVAL).await;
        }
        Ok(())
    }
}
