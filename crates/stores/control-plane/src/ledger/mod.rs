mod archived;
mod done;
mod offsets;
mod owed;
mod plan;

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};

use crate::{ControlPlaneError, pool::Pool};

pub use archived::Archived;
pub use done::{AuditTurn, DoneSpan};
pub use offsets::OffsetSet;
pub use owed::RebuildDebt;
pub use plan::{Batch, BatchPlan, PlannedDestination, Poison, Skip};

/// What the processors have done: leases and batches, per consumer group.
///
/// A partition is worked on by whoever took it last. Each write checks the epoch of that take, so
/// what an earlier owner still writes is refused.
#[derive(Clone)]
pub struct Ledger {
    pool: Pool,
}

/// The right to work on a partition, until someone else takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The consumer group: `store`, `live` or `archive`.
    pub group: &'static str,
    /// The generation of the log.
    pub kgen: u16,
    /// The partition of the log.
    pub partition: u16,
    /// Which take this is: grows with each, by PostgreSQL's clock, so that none comes again when
    /// the ledger is put back to an older state.
    pub epoch: u64,
    /// The first offset not yet done.
    pub next_offset: u64,
    /// Everything received before this moment has been dealt with; `None` until something has.
    pub as_of: Option<DateTime<Utc>>,
}

/// The ledger did not write.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The lease was taken by another, or the step does not follow the last one: stop working on
    /// the partition and take it again.
    #[error("the lease is no longer held, or the step does not follow the last one")]
    Fenced,
    /// Nobody could tell; the lease may still be held.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
}

impl From<sqlx::Error> for LedgerError {
    /// A batch that is there already was planned by an owner whose answer got lost: whoever takes
    /// the lease next finds it.
    fn from(error: sqlx::Error) -> Self {
        match ControlPlaneError::from(error) {
            ControlPlaneError::Conflict { .. } => Self::Fenced,
            other => Self::ControlPlane(other),
        }
    }
}

/// A row of the table of batches.
type BatchRow = (i64, i64, i64, Json<Skip>, Json<Vec<PlannedDestination>>, DateTime<Utc>);

impl From<BatchRow> for Batch {
    fn from((first, last, epoch, skip, destinations, planned_at): BatchRow) -> Self {
        let plan = BatchPlan {
            first: first.cast_unsigned(),
            last: last.cast_unsigned(),
            skip: skip.0,
            destinations: destinations.0,
        };
        Self { plan, epoch: epoch.cast_unsigned(), planned_at }
    }
}

/// A log generation or a partition, as PostgreSQL keeps it.
fn number(number: i32) -> Result<u16, ControlPlaneError> {
    u16::try_from(number).map_err(ControlPlaneError::corrupt("log generation or partition"))
}

impl Ledger {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// The generation of the log that `topic` is with this `topic_id`: a new one when the topic
    /// was made anew. `partitions` says how many leases [`Ledger::as_of`] waits for.
    pub async fn generation(
        &self,
        topic: &str,
        topic_id: &str,
        partitions: u16,
    ) -> Result<u16, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(sql!("ledger/lock_generations")).execute(&mut transaction).await?;
        let kgen: i32 = sqlx::query_scalar(sql!("ledger/generation"))
            .bind(topic)
            .bind(topic_id)
            .bind(i32::from(partitions))
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        u16::try_from(kgen).map_err(ControlPlaneError::corrupt("log generation"))
    }

    /// Whether anybody ever worked on a log before the one of this generation.
    pub async fn has_earlier(&self, kgen: u16) -> Result<bool, ControlPlaneError> {
        let asked = sqlx::query_scalar(sql!("ledger/has_earlier")).bind(i32::from(kgen));
        Ok(asked.fetch_one(&self.pool).await?)
    }

    /// Takes a partition for `owner`, from whoever had it. Look for [planned](Self::planned)
    /// batches next.
    pub async fn take(
        &self,
        group: &'static str,
        kgen: u16,
        partition: u16,
        owner: &str,
    ) -> Result<Lease, ControlPlaneError> {
        let (epoch, next_offset, as_of): (i64, i64, Option<DateTime<Utc>>) =
            sqlx::query_as(sql!("ledger/take"))
                .bind(group)
                .bind(i32::from(kgen))
                .bind(i32::from(partition))
                .bind(owner)
                .fetch_one(&self.pool)
                .await?;
        Ok(Lease {
            group,
            kgen,
            partition,
            epoch: epoch.cast_unsigned(),
            next_offset: next_offset.cast_unsigned(),
            as_of,
        })
    }

    /// The batches that were planned and not marked, in the order of the log: at most two. Each may
    /// or may not have been sent.
    pub async fn planned(
        &self,
        group: &'static str,
        kgen: u16,
        partition: u16,
    ) -> Result<Vec<Batch>, ControlPlaneError> {
        let rows: Vec<BatchRow> = sqlx::query_as(sql!("ledger/planned"))
            .bind(group)
            .bind(i32::from(kgen))
            .bind(i32::from(partition))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Batch::from).collect())
    }

    /// Pins a batch before anything of it is sent. It must begin where the last planned one ends,
    /// or at the lease's next offset when none is outstanding; at most two may be.
    pub async fn plan(&self, lease: &Lease, plan: &BatchPlan) -> Result<(), LedgerError> {
        self.write_plan(sql!("ledger/plan"), lease, plan).await
    }

    /// Pins the same range anew, with other records left out: some turned out to be poison. What
    /// the old plan sent of the rest counts for the new one.
    pub async fn replan(&self, lease: &Lease, plan: &BatchPlan) -> Result<(), LedgerError> {
        self.write_plan(sql!("ledger/replan"), lease, plan).await
    }

    /// The lease is checked in the statement that writes.
    async fn write_plan(
        &self,
        sql: &'static str,
        lease: &Lease,
        plan: &BatchPlan,
    ) -> Result<(), LedgerError> {
        let written = sqlx::query(sql)
            .bind(lease.group)
            .bind(i32::from(lease.kgen))
            .bind(i32::from(lease.partition))
            .bind(lease.epoch.cast_signed())
            .bind(plan.first.cast_signed())
            .bind(plan.last.cast_signed())
            .bind(Json(&plan.skip))
            .bind(Json(&plan.destinations))
            .execute(&self.pool)
            .await?;
        if written.rows_affected() == 1 { Ok(()) } else { Err(LedgerError::Fenced) }
    }

    /// The offsets of the records that batches ending at `since` or later set aside as poison,
    /// ascending.
    pub async fn set_aside(
        &self,
        lease: &Lease,
        since: u64,
    ) -> Result<Vec<u64>, ControlPlaneError> {
        let offsets: Vec<i64> = sqlx::query_scalar(sql!("ledger/set_aside"))
            .bind(lease.group)
            .bind(i32::from(lease.kgen))
            .bind(i32::from(lease.partition))
            .bind(since.cast_signed())
            .fetch_all(&self.pool)
            .await?;
        Ok(offsets.into_iter().map(i64::cast_unsigned).collect())
    }

    /// Marks the planned batch that ends at `last` as done. Returns the lease, moved on.
    pub async fn mark(
        &self,
        lease: &Lease,
        last: u64,
        as_of: DateTime<Utc>,
    ) -> Result<Lease, LedgerError> {
        mark(&self.pool, lease, last, as_of).await
    }

    /// Moves the lease on without a batch, for a sink that keeps its own fence. Returns the lease,
    /// moved on.
    pub async fn advance(
        &self,
        lease: &Lease,
        next_offset: u64,
        as_of: DateTime<Utc>,
    ) -> Result<Lease, LedgerError> {
        let moved: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(sql!("ledger/advance"))
            .bind(lease.group)
            .bind(i32::from(lease.kgen))
            .bind(i32::from(lease.partition))
            .bind(lease.epoch.cast_signed())
            .bind(lease.next_offset.cast_signed())
            .bind(next_offset.cast_signed())
            .bind(as_of)
            .fetch_optional(&self.pool)
            .await?;
        let as_of = moved.ok_or(LedgerError::Fenced)?;
        Ok(Lease { next_offset, as_of, ..lease.clone() })
    }

    /// Says of idle partitions that they are dealt with up to `as_of`: each with its epoch, and the
    /// offset up to which that is so. A partition whose epoch is no longer current, or whose lease
    /// has not been moved on that far, is left alone.
    pub async fn touch(
        &self,
        group: &'static str,
        kgen: u16,
        partitions: &[(u16, u64, u64)],
        as_of: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let numbers: Vec<_> = partitions.iter().map(|held| i32::from(held.0)).collect();
        let epochs: Vec<_> = partitions.iter().map(|held| held.1.cast_signed()).collect();
        let offsets: Vec<_> = partitions.iter().map(|held| held.2.cast_signed()).collect();
        sqlx::query(sql!("ledger/touch"))
            .bind(group)
            .bind(i32::from(kgen))
            .bind(numbers)
            .bind(epochs)
            .bind(as_of)
            .bind(offsets)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Everything that `topic`, as it was made last, received before this moment has been dealt with
    /// by `group`, in every partition; `None` while that cannot be said of all.
    pub async fn as_of(
        &self,
        group: &'static str,
        topic: &str,
    ) -> Result<Option<DateTime<Utc>>, ControlPlaneError> {
        let asked = sqlx::query_scalar(sql!("ledger/as_of")).bind(group).bind(topic);
        Ok(asked.fetch_optional(&self.pool).await?)
    }

    /// The first offset not yet known to be done by `group`, per log generation and partition, of
    /// `topic` as it was made last.
    pub async fn noted_offsets(
        &self,
        group: &'static str,
        topic: &str,
    ) -> Result<Vec<(u16, u16, u64)>, ControlPlaneError> {
        let asked = sqlx::query_as(sql!("ledger/noted_offsets")).bind(group).bind(topic);
        let rows: Vec<(i32, i32, i64)> = asked.fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|(kgen, partition, next)| {
                Ok((number(kgen)?, number(partition)?, next.cast_unsigned()))
            })
            .collect()
    }

    /// Forgets batches done before `horizon`; returns how many. Leases keep how far the work is.
    pub async fn prune(&self, horizon: DateTime<Utc>) -> Result<u64, ControlPlaneError> {
        let pruned = sqlx::query(sql!("ledger/prune")).bind(horizon).execute(&self.pool).await?;
        Ok(pruned.rows_affected())
    }
}

/// As [`Ledger::mark`], perhaps with more in the same transaction.
async fn mark(
    executor: impl PgExecutor<'_>,
    lease: &Lease,
    last: u64,
    as_of: DateTime<Utc>,
) -> Result<Lease, LedgerError> {
    let moved: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(sql!("ledger/mark"))
        .bind(lease.group)
        .bind(i32::from(lease.kgen))
        .bind(i32::from(lease.partition))
        .bind(lease.epoch.cast_signed())
        .bind(lease.next_offset.cast_signed())
        .bind(last.cast_signed())
        .bind(as_of)
        .fetch_optional(executor)
        .await?;
    let as_of = moved.ok_or(LedgerError::Fenced)?;
    Ok(Lease { next_offset: last + 1, as_of, ..lease.clone() })
}
