use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};

use crate::{InsertBatch, Warehouse, WarehouseError, driver::within, parameters::bind_range};

/// How long the check for a running deletion may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How long to wait for a deletion of copies; after that it continues in the background.
const DELETE_TIMEOUT: Duration = Duration::from_secs(120);

/// The repair of duplicate rows. It runs as the writer and reads coordinates only.
impl Warehouse {
    /// Deletes all but one of the copies of each row of the batch's range, rollups included, and
    /// returns when that is done. Deletes nothing and returns `false` when such a deletion already
    /// runs in these tables.
    ///
    /// # Errors
    /// Also when it takes longer than two minutes, as while merges are stopped; it continues in the
    /// background.
    pub async fn delete_copies(
        &self,
        batch: &InsertBatch,
        logged: &RangeInclusive<DateTime<Utc>>,
    ) -> Result<bool, WarehouseError> {
        let writer = self.writer(&batch.destination)?;
        let sql = include_str!("../queries/platform/copies_are_being_deleted.sql");
        let is_running = within(READ_TIMEOUT, writer.query_raw(sql).fetch_one::<bool>()).await?;
        if is_running {
            return Ok(false);
        }
        let sql = include_str!("../queries/platform/delete_copies.sql");
        let delete = bind_range(writer.query_raw(sql), batch.range, logged)
            .with_setting("mutations_sync", "2");
        within(DELETE_TIMEOUT, delete.execute()).await?;
        Ok(true)
    }
}
