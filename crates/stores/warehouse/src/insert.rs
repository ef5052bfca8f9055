use std::time::Duration;

use bytes::Bytes;
use tenancy::{Destination, Isolation, Placement, Scoped, TenantContext};

use crate::{EventRow, InsertBatch, InsertError, Warehouse};

/// Without its last line break, which would be read as the first byte of the block.
const INSERT: &str = include_str!("../queries/platform/insert_events.sql");

/// How long the body may take to be taken off our hands.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may take to answer the whole body.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// A row was routed to another tenant's own database.
#[derive(Debug, thiserror::Error)]
#[error("rows of {client_id} do not belong in the database {database}")]
pub(crate) struct Misrouted {
    client_id: String,
    database: String,
}

impl Warehouse {
    /// Inserts the rows of a batch, as one block, under the batch's token. No rows, no insert.
    ///
    /// `Ok` means that the server has answered for all of them: they are in the table, or were
    /// there already under the same token.
    ///
    /// # Errors
    /// Which of the three it is decides what may be done next: see [`InsertError`].
    pub async fn insert(
        &self,
        batch: &InsertBatch,
        rows: &[Scoped<Vec<EventRow>>],
    ) -> Result<(), InsertError> {
        self.insert_as(&batch.token(), batch, rows).await
    }

    /// As [`Warehouse::insert`], for rows that the batch's own name may already keep away: an audit
    /// inserts under names of its own.
    pub async fn insert_as(
        &self,
        token: &str,
        batch: &InsertBatch,
        rows: &[Scoped<Vec<EventRow>>],
    ) -> Result<(), InsertError> {
        let count: usize = rows.iter().map(|group| group.value().len()).sum();
        if count == 0 {
            return Ok(());
        }
        for group in rows {
            check_route(group.tenant(), &batch.destination)
                .map_err(|error| InsertError::Retriable(error.into()))?;
        }
        let writer = self
            .writer(&batch.destination)
            .map_err(|error| InsertError::Retriable(error.into()))?;
        let body = self.encode(batch.clone(), rows.to_vec()).await?;
        let mut insert = writer
            // Makes the driver send the body as a whole; in chunks, the server takes a pause
            // between two of them for the end.
            .with_header("Content-Length", body.len().to_string())
            .insert_formatted_with(INSERT.trim_end())
            .with_timeouts(Some(SEND_TIMEOUT), Some(ANSWER_TIMEOUT));
        for (name, value) in settings(token, count) {
            insert = insert.with_setting(name, value);
        }
        let sent = insert.send(body).await;
        // A refused body ends early; the answer says why, the broken sending does not.
        insert.end().await.and(sent).map_err(InsertError::from_driver)
    }

    /// Builds the body. A full batch takes a quarter of a second: too long for a thread on which
    /// others wait. Copying rows copies no events.
    async fn encode(
        &self,
        batch: InsertBatch,
        rows: Vec<Scoped<Vec<EventRow>>>,
    ) -> Result<Bytes, InsertError> {
        let warehouse = self.clone();
        let work = move || warehouse.with_block(|block| block.encode(&batch, &rows));
        let body = tokio::task::spawn_blocking(work).await;
        body.map_err(|error| InsertError::Retriable(error.into()))
    }
}

/// What makes an insert one block, done once, and its answer final.
fn settings(token: &str, rows: usize) -> [(&'static str, String); 10] {
    [
        ("query_id", token.to_owned()),
        ("insert_deduplication_token", token.to_owned()),
        ("deduplicate_insert", "enable".to_owned()),
        ("async_insert", "0".to_owned()),
        ("max_insert_block_size", rows.max(1_048_576).to_string()),
        ("max_insert_threads", "1".to_owned()),
        ("input_format_parallel_parsing", "0".to_owned()),
        ("max_execution_time", "0".to_owned()),
        ("wait_end_of_query", "1".to_owned()),
        ("send_progress_in_http_headers", "0".to_owned()),
    ]
}

/// A tenant's rows go to the shared database or to its own, whatever a plan may say.
pub(crate) fn check_route(
    tenant: &TenantContext,
    destination: &Destination,
) -> Result<(), Misrouted> {
    let database = |isolation| {
        let placement = Placement { isolation, ..tenant.placement().clone() };
        placement.destination(tenant.client_id()).database
    };
    if Isolation::ALL.into_iter().any(|isolation| database(isolation) == destination.database) {
        return Ok(());
    }
    Err(Misrouted {
        client_id: tenant.client_id().to_string(),
        database: destination.database.clone(),
    })
}
