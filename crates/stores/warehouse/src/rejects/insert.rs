use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use log::{Generation, LogPlace, Offset, Partition};
use serde::Serialize;
use telemetry::StoreCall;
use tenancy::{Destination, Scoped};
use uuid::Uuid;

use super::RejectedEvent;
use crate::{Warehouse, WarehouseError, driver::in_time, insert::check_route};

/// How long an insert may take.
const INSERT_TIMEOUT: Duration = Duration::from_secs(60);

/// A row of the table; its fields are named as the columns.
#[derive(Row, Serialize)]
struct StoredReject<'a> {
    client_id: &'a str,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    received_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::uuid")]
    reject_id: Uuid,
    code: &'a str,
    pointer: &'a str,
    reason: &'a str,
    #[serde(with = "clickhouse::serde::uuid::option")]
    event_id: Option<Uuid>,
    original: &'a Bytes,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    sent_at: Option<DateTime<Utc>>,
    history: bool,
    set_aside: bool,
    kgen: Generation,
    kpart: Partition,
    koff: Offset,
}

impl Warehouse {
    /// Inserts rejects, each with its place in the log. After any error, all of them may be inserted
    /// again: a row that is stored twice is read once.
    ///
    /// It therefore needs no token. A token could make the server drop rows that a crash has lost.
    ///
    /// # Errors
    /// Some or all of the rows may not be stored.
    pub async fn insert_rejects(
        &self,
        destination: &Destination,
        rejects: &[Scoped<Vec<(LogPlace, RejectedEvent)>>],
    ) -> Result<(), WarehouseError> {
        for group in rejects {
            check_route(group.tenant(), destination)
                .map_err(|error| WarehouseError::Refused(error.into()))?;
        }
        let writer = self.writer(destination)?;
        let inserted = in_time(INSERT_TIMEOUT, async {
            let insert = writer.insert::<StoredReject<'_>>("rejected_events").await?;
            let mut insert = insert
                .with_setting("async_insert", "0")
                .with_setting("deduplicate_insert", "disable");
            for group in rejects {
                let client_id = group.tenant().client_id().as_str();
                for (place, reject) in group.value() {
                    insert.write(&StoredReject::new(client_id, *place, reject)).await?;
                }
            }
            insert.end().await
        });
        StoreCall::ClickhouseInsert.measure(inserted, WarehouseError::failure).await
    }
}

impl<'a> StoredReject<'a> {
    fn new(client_id: &'a str, place: LogPlace, reject: &'a RejectedEvent) -> Self {
        Self {
            client_id,
            received_at: reject.id.received_at().unwrap_or_default(),
            reject_id: reject.id.uuid(),
            code: &reject.code,
            pointer: &reject.pointer,
            reason: &reject.reason,
            event_id: reject.event_id,
            original: &reject.original,
            sent_at: reject.sent_at,
            history: reject.history,
            set_aside: reject.set_aside,
            kgen: place.generation,
            kpart: place.partition,
            koff: place.offset,
        }
    }
}
