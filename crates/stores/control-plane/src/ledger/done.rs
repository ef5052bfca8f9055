use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

use chrono::{DateTime, Utc};
use log::LogRange;
use sqlx::types::Json;
use tenancy::Destination;

use super::{
    Batch, BatchRow, Ledger,
    columns::{bigint, integer, offset, place},
};
use crate::{ControlPlaneError, Group};

/// Consecutive done batches of a partition, and the rows they were planned to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneSpan {
    /// From the first offset of the first batch to the last offset of the last.
    pub range: LogRange,
    /// When the earliest and the latest batch was planned.
    pub planned: RangeInclusive<DateTime<Utc>>,
    /// Rows of all batches, by the tables they were planned for.
    pub rows: BTreeMap<Destination, u64>,
}

impl Ledger {
    /// Returns the batches of `topic`, in all its generations, that were done in `done_at`, and the
    /// other done batches in the same slices of `width` offsets: one span per slice; ascending.
    pub async fn done_spans(
        &self,
        group: Group,
        topic: &str,
        done_at: Range<DateTime<Utc>>,
        width: u64,
    ) -> Result<Vec<DoneSpan>, ControlPlaneError> {
        type Row =
            (i32, i32, i64, i64, DateTime<Utc>, DateTime<Utc>, Json<Vec<(Destination, u64)>>);
        let rows: Vec<Row> = sqlx::query_as(sql!("ledger/done_spans"))
            .bind(group.as_str())
            .bind(topic)
            .bind(done_at.start)
            .bind(done_at.end)
            .bind(width.max(1).cast_signed())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|(generation, partition, first, last, from, to, Json(rows))| {
                Ok(DoneSpan {
                    range: place(generation, partition, first)?.to(offset(last)),
                    planned: from..=to,
                    rows: rows.into_iter().collect(),
                })
            })
            .collect()
    }

    /// Returns the done batches that contain any offset of `range`, ascending.
    pub async fn done_batches(
        &self,
        group: Group,
        range: LogRange,
    ) -> Result<Vec<Batch>, ControlPlaneError> {
        let rows: Vec<BatchRow> = sqlx::query_as(sql!("ledger/done_batches"))
            .bind(group.as_str())
            .bind(integer(range.generation))
            .bind(integer(range.partition))
            .bind(bigint(range.first))
            .bind(bigint(range.last))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Batch::from).collect())
    }
}
