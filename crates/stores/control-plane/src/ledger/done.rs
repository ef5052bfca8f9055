use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    pin::pin,
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use tenancy::Destination;
use tokio::time::interval;

use super::{Batch, BatchRow, Ledger};
use crate::{ControlPlaneError, pool::Transaction};

/// The number under which PostgreSQL knows the lock of the audit: no other advisory lock is taken.
const AUDIT: i64 = 8;

/// Batches of a partition that follow each other and are done, and what they were to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneSpan {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition.
    pub partition: u16,
    /// The first offset of the first batch.
    pub first: u64,
    /// The last offset of the last batch.
    pub last: u64,
    /// When the first and the last of them was planned.
    pub planned: RangeInclusive<DateTime<Utc>>,
    /// Rows of all batches, by the tables they were planned for.
    pub rows: BTreeMap<Destination, u64>,
}

/// How often a turn shows that its process is alive: often enough for PostgreSQL not to take it away.
const BEAT: Duration = Duration::from_secs(1);

/// The right to audit and repair, which one process at a time has. It ends when this is dropped,
/// with the connection to PostgreSQL, or when the process freezes.
pub struct AuditTurn {
    transaction: Transaction,
}

impl AuditTurn {
    /// Whether it is time for `look`: nobody took it to its end within the last `every`. It counts
    /// as taken now once this turn is [ended](Self::end).
    pub async fn is_due(&mut self, look: &str, every: Duration) -> Result<bool, ControlPlaneError> {
        let due: Option<String> = sqlx::query_scalar(sql!("ledger/audit_is_due"))
            .bind(look)
            .bind(every.as_secs_f64())
            .fetch_optional(&mut self.transaction)
            .await?;
        Ok(due.is_some())
    }

    /// Does `work`, and breaks it off where the turn is lost.
    ///
    /// # Errors
    /// The turn was lost.
    pub async fn during<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, ControlPlaneError> {
        let mut work = pin!(work);
        let mut beat = interval(BEAT);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = beat.tick() => {
                    sqlx::query(sql!("session/ping")).execute(&mut self.transaction).await?;
                }
            }
        }
    }

    /// Lets another process audit.
    pub async fn end(self) -> Result<(), ControlPlaneError> {
        Ok(self.transaction.commit().await?)
    }
}

impl Ledger {
    /// The batches of `topic`, in all its generations, that were done in `done_at`, and their
    /// neighbours within slices of `width` offsets: a span for each slice; ascending.
    pub async fn done_spans(
        &self,
        group: &'static str,
        topic: &str,
        done_at: Range<DateTime<Utc>>,
        width: u64,
    ) -> Result<Vec<DoneSpan>, ControlPlaneError> {
        type Row =
            (i32, i32, i64, i64, DateTime<Utc>, DateTime<Utc>, Json<Vec<(Destination, u64)>>);
        let rows: Vec<Row> = sqlx::query_as(sql!("ledger/done_spans"))
            .bind(group)
            .bind(topic)
            .bind(done_at.start)
            .bind(done_at.end)
            .bind(width.max(1).cast_signed())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|(kgen, partition, first, last, from, to, Json(rows))| {
                Ok(DoneSpan {
                    kgen: super::number(kgen)?,
                    partition: super::number(partition)?,
                    first: first.cast_unsigned(),
                    last: last.cast_unsigned(),
                    planned: from..=to,
                    rows: rows.into_iter().collect(),
                })
            })
            .collect()
    }

    /// The batches that are done and hold any of `offsets`, ascending.
    pub async fn done_batches(
        &self,
        group: &'static str,
        kgen: u16,
        partition: u16,
        offsets: RangeInclusive<u64>,
    ) -> Result<Vec<Batch>, ControlPlaneError> {
        let rows: Vec<BatchRow> = sqlx::query_as(sql!("ledger/done_batches"))
            .bind(group)
            .bind(i32::from(kgen))
            .bind(i32::from(partition))
            .bind(offsets.start().cast_signed())
            .bind(offsets.end().cast_signed())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Batch::from).collect())
    }

    /// The first offset not yet done by `group`, per log generation and partition, of `topic` in
    /// all its generations.
    pub async fn offsets(
        &self,
        group: &'static str,
        topic: &str,
    ) -> Result<Vec<(u16, u16, u64)>, ControlPlaneError> {
        let rows: Vec<(i32, i32, i64)> = sqlx::query_as(sql!("ledger/offsets"))
            .bind(group)
            .bind(topic)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|(kgen, partition, next)| {
                Ok((super::number(kgen)?, super::number(partition)?, next.cast_unsigned()))
            })
            .collect()
    }

    /// Begins an audit, unless another process is at one.
    pub async fn begin_audit(&self) -> Result<Option<AuditTurn>, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        let ours = sqlx::query_scalar(sql!("ledger/begin_audit"))
            .bind(AUDIT)
            .fetch_one(&mut transaction)
            .await?;
        Ok(if ours { Some(AuditTurn { transaction }) } else { None })
    }
}
