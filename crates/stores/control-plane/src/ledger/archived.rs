use std::ops::{Range, RangeInclusive};

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Lease, Ledger, LedgerError, mark};
use crate::ControlPlaneError;

/// An object of the archive, as the ledger vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition of the log.
    pub partition: u16,
    /// The first offset: the one after the previous object's last, also across holes in the log. It
    /// is a later one where records were lost in between.
    pub first: u64,
    /// The last offset, included.
    pub last: u64,
    /// How many records it holds.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The earliest of the log's times of its records.
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
    /// Marks the planned batch that `object` holds as done and vouches for the object, both or
    /// neither. The object may begin later than its batch: the records before it are lost, and
    /// nobody vouches for them. Returns the lease, moved on.
    pub async fn mark_archived(
        &self,
        lease: &Lease,
        object: &Archived,
    ) -> Result<Lease, LedgerError> {
        let of_the_log = (object.kgen, object.partition) == (lease.kgen, lease.partition);
        if !of_the_log || object.first < lease.next_offset {
            return Err(LedgerError::Fenced);
        }
        let mut transaction = self.pool.begin().await?;
        let marked = mark(&mut transaction, lease, object.last, object.logged_to).await?;
        sqlx::query(sql!("archived/add"))
            .bind(i32::from(object.kgen))
            .bind(i32::from(object.partition))
            .bind(object.first.cast_signed())
            .bind(object.last.cast_signed())
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

    /// Vouches for other bytes of the same records, unless another process has done so since
    /// `object` was read.
    pub async fn vouch_anew(
        &self,
        object: &Archived,
        anew: &Archived,
    ) -> Result<(), ControlPlaneError> {
        sqlx::query(sql!("archived/vouch_anew"))
            .bind(i32::from(object.kgen))
            .bind(i32::from(object.partition))
            .bind(object.first.cast_signed())
            .bind(&object.sha256[..])
            .bind(&anew.sha256[..])
            .bind(anew.bytes.cast_signed())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The objects that hold any of these offsets, in the order of the log.
    pub async fn archived(
        &self,
        kgen: u16,
        partition: u16,
        offsets: RangeInclusive<u64>,
    ) -> Result<Vec<Archived>, ControlPlaneError> {
        let rows: Vec<Row> = sqlx::query_as(sql!("archived/by_offset"))
            .bind(i32::from(kgen))
            .bind(i32::from(partition))
            .bind(bound(*offsets.start()))
            .bind(bound(*offsets.end()))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Archived::try_from).collect()
    }

    /// The objects that may hold a record logged within this time, by generation, partition and
    /// offset.
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

    /// Between which offsets the first archived record of a partition stands that was logged at
    /// `time` or later: from where the objects before it end, up to where its own does. No end
    /// when there is none.
    pub async fn archived_place(
        &self,
        kgen: u16,
        partition: u16,
        time: DateTime<Utc>,
    ) -> Result<(u64, Option<u64>), ControlPlaneError> {
        let (from, to): (i64, Option<i64>) = sqlx::query_as(sql!("archived/place_of"))
            .bind(i32::from(kgen))
            .bind(i32::from(partition))
            .bind(time)
            .fetch_one(&self.pool)
            .await?;
        Ok((from.cast_unsigned(), to.map(i64::cast_unsigned)))
    }
}

/// No offset is larger: whoever asks for all of a partition may say so.
fn bound(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl TryFrom<Row> for Archived {
    type Error = ControlPlaneError;

    fn try_from(row: Row) -> Result<Self, ControlPlaneError> {
        let number = |number: i32| {
            u16::try_from(number).map_err(ControlPlaneError::corrupt("log generation or partition"))
        };
        Ok(Self {
            kgen: number(row.kgen)?,
            partition: number(row.partition)?,
            first: row.first.cast_unsigned(),
            last: row.last.cast_unsigned(),
            records: row.records.cast_unsigned(),
            bytes: row.bytes.cast_unsigned(),
            sha256: row.sha256[..].try_into().map_err(ControlPlaneError::corrupt("SHA-256"))?,
            logged_from: row.logged_from,
            logged_to: row.logged_to,
        })
    }
}
