use std::time::Duration;

use tokio::time::sleep;
use warehouse::{InsertBatch, Warehouse, WarehouseError};

/// How long to wait before asking again whether the server still works on an insert.
const STILL_RUNNING: Duration = Duration::from_millis(200);

/// Waits until the server works on nothing that touches the batch's range.
pub(crate) async fn idle(warehouse: &Warehouse, batch: &InsertBatch) -> Result<(), WarehouseError> {
    while warehouse.is_running(batch).await? {
        sleep(STILL_RUNNING).await;
    }
    Ok(())
}
