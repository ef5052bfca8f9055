use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use clickhouse::{Client, query::Query};
use tenancy::Destination;

use crate::{InsertBatch, Warehouse, WarehouseError, driver::within};

/// How long a count may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a deletion of copies may take before it is left to go on by itself.
const DELETE_TIMEOUT: Duration = Duration::from_secs(120);

/// A stretch of one partition of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogRange {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition.
    pub partition: u16,
    /// The first offset.
    pub first: u64,
    /// The last offset, included.
    pub last: u64,
}

/// How many rows of a range are in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub rows: u64,
    /// Different ones: a row that is there twice counts once.
    pub distinct: u64,
}

/// What the platform asks of its own inserts when it audits them. Runs as the writer and sees
/// coordinates only.
impl Warehouse {
    /// The rows of each of `ranges` that are in `destination`, in the order of the ranges.
    ///
    /// The server holds some 16 bytes for each row that it counts: ask for a few million at a time.
    /// `logged` spans the log's times of all ranges: it bounds what the server reads.
    pub async fn tally(
        &self,
        destination: &Destination,
        ranges: &[LogRange],
        logged: &RangeInclusive<DateTime<Utc>>,
    ) -> Result<Vec<Tally>, WarehouseError> {
        let mut tallies = vec![Tally::default(); ranges.len()];
        if ranges.is_empty() {
            return Ok(tallies);
        }
        let sql = include_str!("../queries/platform/tally.sql");
        let each16 = |field: fn(&LogRange) -> u16| ranges.iter().map(field).collect::<Vec<_>>();
        let each64 = |field: fn(&LogRange) -> u64| ranges.iter().map(field).collect::<Vec<_>>();
        let query = bind_times(self.writer(destination)?.query_raw(sql), logged)
            .param("kgens", each16(|range| range.kgen))
            .param("partitions", each16(|range| range.partition))
            .param("firsts", each64(|range| range.first))
            .param("lasts", each64(|range| range.last));
        let found: Vec<(u32, u64, u64)> = within(READ_TIMEOUT, query.fetch_all()).await?;
        for (number, rows, distinct) in found {
            let index = usize::try_from(number).unwrap_or_default().saturating_sub(1);
            if let Some(tally) = tallies.get_mut(index) {
                *tally = Tally { rows, distinct };
            }
        }
        Ok(tallies)
    }

    /// Deletes all but one of each row of the batch's range, rollups included, and returns when
    /// that is done; `false` when such a deletion is still under way in these tables.
    ///
    /// # Errors
    /// When it takes longer than two minutes, as while merges are stopped: it goes on by itself.
    pub async fn delete_copies(
        &self,
        batch: &InsertBatch,
        logged: &RangeInclusive<DateTime<Utc>>,
    ) -> Result<bool, WarehouseError> {
        let writer = self.writer(&batch.destination)?;
        let sql = include_str!("../queries/platform/deleting_copies.sql");
        let under_way = within(READ_TIMEOUT, writer.query_raw(sql).fetch_one::<bool>()).await?;
        if under_way {
            return Ok(false);
        }
        let sql = include_str!("../queries/platform/delete_copies.sql");
        let delete = bind(writer, sql, batch, logged).with_setting("mutations_sync", "2");
        within(DELETE_TIMEOUT, delete.execute()).await?;
        Ok(true)
    }
}

/// A question about the rows of a batch's range.
fn bind(
    writer: Client,
    sql: &str,
    batch: &InsertBatch,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Query {
    bind_times(writer.query_raw(sql), logged)
        .param("kgen", batch.kgen)
        .param("partition", batch.partition)
        .param("first", batch.first)
        .param("last", batch.last)
}

fn bind_times(query: Query, logged: &RangeInclusive<DateTime<Utc>>) -> Query {
    query
        .param("from", logged.start().timestamp_millis())
        .param("to", logged.end().timestamp_millis())
}
