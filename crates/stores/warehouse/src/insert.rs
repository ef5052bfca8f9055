use std::time::Duration;

use bytes::Bytes;
use telemetry::StoreCall;
use tenancy::{Destination, Isolation, Placement, TenantContext};

use crate::{EventBlock, InsertBatch, InsertError, Warehouse};

/// Sent without its last line break, which the server would read as the first byte of the block.
pub(crate) const INSERT: &str = include_str!("../queries/platform/insert_events.sql");

/// How long sending the body may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the server may take to answer after the whole body was sent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Rows were routed to another tenant's own database.
#[derive(Debug, thiserror::Error)]
#[error("rows of {client_id} do not belong in the database {database}")]
pub(crate) struct Misrouted {
    client_id: String,
    database: String,
}

impl Warehouse {
    /// Inserts the rows of a batch as one block, under the batch's token. Sends nothing when there
    /// are no rows.
    ///
    /// `Ok` means that the server confirmed the insert: it stored the rows, or it dropped them
    /// because it knows the token.
    ///
    /// # Errors
    /// The variant of [`InsertError`] decides whether to retry, to read back or to reject a row.
    pub async fn insert(&self, batch: &InsertBatch, block: &EventBlock) -> Result<(), InsertError> {
        self.insert_as(&batch.token(), batch, block).await
    }

    /// Inserts as [`Warehouse::insert`], under another token: the reconciliation inserts missing
    /// rows that the server would drop under the batch's own token.
    pub async fn insert_as(
        &self,
        token: &str,
        batch: &InsertBatch,
        block: &EventBlock,
    ) -> Result<(), InsertError> {
        if block.rows == 0 {
            return Ok(());
        }
        for tenant in &*block.tenants {
            check_route(tenant, &batch.destination).map_err(InsertError::retriable)?;
        }
        let body = block.body.clone();
        self.insert_body(&batch.destination, INSERT, Some(token), body, block.rows).await
    }

    /// Inserts encoded rows as one block: under a token, or without one if rows may be inserted again.
    pub(crate) async fn insert_body(
        &self,
        destination: &Destination,
        statement: &'static str,
        token: Option<&str>,
        body: Bytes,
        rows: usize,
    ) -> Result<(), InsertError> {
        let writer = self.writer(destination).map_err(InsertError::retriable)?;
        let mut insert = writer
            // Makes the driver send the body as a whole. With chunks, the server would take a
            // pause between two of them for the end of the body.
            .with_header("Content-Length", body.len().to_string())
            .insert_formatted_with(statement.trim_end())
            .with_timeouts(Some(SEND_TIMEOUT), Some(ANSWER_TIMEOUT));
        for (name, value) in settings(token, rows) {
            insert = insert.with_setting(name, value);
        }
        let inserted = async {
            let sent = insert.send(body).await;
            // The server may refuse a body before all of it is sent. Its answer contains the
            // reason, the error of the sending does not.
            insert.end().await.and(sent).map_err(InsertError::from_driver)
        };
        StoreCall::ClickhouseInsert.measure(inserted, InsertError::failure).await
    }
}

/// Returns the settings that make the insert one block, deduplicate it by its token, and delay the
/// answer until it is final.
fn settings(token: Option<&str>, rows: usize) -> impl Iterator<Item = (&'static str, String)> {
    let named = match token {
        Some(token) => vec![
            ("query_id", token.to_owned()),
            ("insert_deduplication_token", token.to_owned()),
            ("deduplicate_insert", "enable".to_owned()),
        ],
        None => vec![("deduplicate_insert", "disable".to_owned())],
    };
    let whole = [
        ("async_insert", "0".to_owned()),
        ("max_insert_block_size", rows.max(1_048_576).to_string()),
        ("max_insert_threads", "1".to_owned()),
        ("input_format_parallel_parsing", "0".to_owned()),
        ("max_execution_time", "0".to_owned()),
        ("wait_end_of_query", "1".to_owned()),
        ("send_progress_in_http_headers", "0".to_owned()),
    ];
    named.into_iter().chain(whole)
}

/// Checks that a tenant's rows go to the shared database or to its own, whatever the plan states.
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
