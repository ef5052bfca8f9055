use std::ops::Range;

use chrono::{DateTime, Utc};
use log::{Generation, LogRange, Offset, Partition};
use sqlx::FromRow;

use super::{
    Lease, Ledger, LedgerError,
    columns::{bigint, integer, offset, place},
    mark,
};
use crate::ControlPlaneError;

/// An object of the archive, as recorded in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Its offsets. It begins after the previous object's last offset, also across gaps in the log,
    /// and later where records between them were lost.
    pub range: LogRange,
    /// How many records it contains.
    pub records: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The earliest time at which the log received one of its records.
    pub logged_from: DateTime<Utc>,
    /// The latest.
    pub logged_to: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    kgen: i32,
    partition: i32,
    first: i64,
    last: i64,
    records: i64,
    bytes: i64,
    sha256: Vec<u8>,
    logged_from: DateTime<Utc>,
    logged_to: DateTime<Utc>,
}

impl Ledger {
    /// Marks the planned batch of `object` as done and records the object, both or neither. The
    /// object may begin later than its batch: the records before it are lost, and no object covers
    /// them. Returns the advanced lease.
    pub async fn mark_archived(
        &self,
        lease: &Lease,
        object: &Archived,
    ) -> Result<Lease, LedgerError> {
        let LogRange { generation, partition, first, last } = object.range;
        if !object.range.start().is_beside(lease.next) || first < lease.next.offset {
            return Err(LedgerError::Fenced);
        }
        let mut transaction = self.pool.begin().await?;
        let marked = mark(&mut transaction, lease, last, object.logged_to).await?;
        sqlx::query(sql!("archived/add"))
            .bind(integer(generation))
            .bind(integer(partition))
            .bind(bigint(first))
            .bind(bigint(last))
            .bind(object.records.cast_signed())
            .bind(object.bytes.cast_signed())
            .bind(&object.sha256[..])
            .bind(object.logged_from)
            .bind(object.logged_to)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(marked)
    }

    /// Records the size and hash of `replacement` in place of those of `object`, which contains the
    /// same records. Does nothing if another process has replaced them since `object` was read.
    pub async fn replace_object_hash(
        &self,
        object: &Archived,
        replacement: &Archived,
    ) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("archived/replace_hash"))
            .bind(integer(object.range.generation))
            .bind(integer(object.range.partition))
            .bind(bigint(object.range.first))
            .bind(&object.sha256[..])
            .bind(&replacement.sha256[..])
            .bind(replacement.bytes.cast_signed())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Returns the objects that contain any offset of `range`, ascending.
    pub async fn archived(&self, range: LogRange) -> Result<Vec<Archived>, ControlPlaneError> {
        let rows: Vec<Row> = sqlx::query_as(sql!("archived/by_offset"))
            .bind(integer(range.generation))
            .bind(integer(range.partition))
            .bind(bigint(range.first))
            .bind(bigint(range.last))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Archived::try_from).collect()
    }

    /// Returns the objects that may contain a record received within this time, by generation,
    /// partition and offset.
    pub async fn archived_between(
        &self,
        logged: Range<DateTime<Utc>>,
    ) -> Result<Vec<Archived>, ControlPlaneError> {
        let rows: Vec<Row> = sqlx::query_as(sql!("archived/by_time"))
            .bind(logged.start)
            .bind(logged.end)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Archived::try_from).collect()
    }

    /// Finds the first archived record of a partition that was received at `time` or later. Returns
    /// the offset after the objects before that time, and the offset after the record's own object;
    /// no second offset when there is no such record.
    pub async fn first_archived_since(
        &self,
        generation: Generation,
        partition: Partition,
        time: DateTime<Utc>,
    ) -> Result<(Offset, Option<Offset>), ControlPlaneError> {
        let (from, to): (i64, Option<i64>) = sqlx::query_as(sql!("archived/first_since"))
            .bind(integer(generation))
            .bind(integer(partition))
            .bind(time)
            .fetch_one(&self.pool)
            .await?;
        Ok((offset(from), to.map(offset)))
    }
}

impl TryFrom<Row> for Archived {
    type Error = ControlPlaneError;

    fn try_from(row: Row) -> Result<Self, ControlPlaneError> {
        Ok(Self {
            range: place(row.kgen, row.partition, row.first)?.to(offset(row.last)),
            records: row.records.cast_unsigned(),
            bytes: row.bytes.cast_unsigned(),
            sha256: row.sha256[..].try_into().map_err(ControlPlaneError::corrupt("SHA-256"))?,
            logged_from: row.logged_from,
            logged_to: row.logged_to,
        })
    }
}
