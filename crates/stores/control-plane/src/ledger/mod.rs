mod archived;
pub(crate) mod columns;
mod done;
mod exclusive_lease;
mod lease;
mod offset_set;
mod plan;
mod rebuild_request;
mod tenant_span;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use log::{Generation, LogPlace, Offset, Partition};
use sqlx::{PgExecutor, types::Json};
use tenancy::ClientId;

use self::columns::{bigint, integer, offset};
use crate::{ControlPlaneError, Group, pool::Pool};

pub use archived::Archived;
pub use done::DoneSpan;
pub use exclusive_lease::ExclusiveLease;
pub use lease::{Lease, LedgerError, UpToDate};
pub use offset_set::OffsetSet;
pub use plan::{Batch, BatchPlan, PlannedDestination, Poison, Skip};
pub use rebuild_request::RebuildRequest;
pub use tenant_span::TenantSpan;

/// The work that the processors have done: leases and batches, per consumer group.
///
/// The last process that took a partition works on it. Each write checks the epoch of that take, so
/// the ledger refuses the writes of an earlier owner.
#[derive(Clone)]
pub struct Ledger {
    pool: Pool,
}

/// A row of the table of batches.
type BatchRow = (i64, i64, i64, Json<Skip>, Json<Vec<PlannedDestination>>, DateTime<Utc>);

impl From<BatchRow> for Batch {
    fn from((first, last, epoch, skip, destinations, planned_at): BatchRow) -> Self {
        let plan = BatchPlan {
            first: offset(first),
            last: offset(last),
            skip: skip.0,
            destinations: destinations.0,
        };
        Self { plan, epoch: epoch.cast_unsigned(), planned_at }
    }
}

impl Ledger {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Returns the generation of the log that has this `topic_id`: a new one when the topic was
    /// recreated. [`Ledger::as_of`] waits for the leases of so many `partitions`.
    pub async fn generation(
        &self,
        topic: &str,
        topic_id: &str,
        partitions: u16,
    ) -> Result<Generation, ControlPlaneError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(sql!("ledger/lock_generations")).execute(&mut transaction).await?;
        let generation: i32 = sqlx::query_scalar(sql!("ledger/generation"))
            .bind(topic)
            .bind(topic_id)
            .bind(i32::from(partitions))
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        columns::generation(generation)
    }

    /// Whether any process ever took a partition of an earlier generation.
    pub async fn has_earlier(&self, generation: Generation) -> Result<bool, ControlPlaneError> {
        let asked = sqlx::query_scalar(sql!("ledger/has_earlier")).bind(integer(generation));
        Ok(asked.fetch_one(&self.pool).await?)
    }

    /// Takes a partition for `owner` from its current owner. Read the [planned](Self::planned)
    /// batches next.
    pub async fn take(
        &self,
        group: Group,
        generation: Generation,
        partition: Partition,
        owner: &str,
    ) -> Result<Lease, ControlPlaneError> {
        let (epoch, next, as_of): (i64, i64, Option<DateTime<Utc>>) =
            sqlx::query_as(sql!("ledger/take"))
                .bind(group.as_str())
                .bind(integer(generation))
                .bind(integer(partition))
                .bind(owner)
                .fetch_one(&self.pool)
                .await?;
        let next = LogPlace { generation, partition, offset: offset(next) };
        Ok(Lease { group, next, epoch: epoch.cast_unsigned(), as_of })
    }

    /// Returns the batches that are planned and not marked, ascending: at most two. Each may have
    /// been sent or not.
    pub async fn planned(
        &self,
        group: Group,
        generation: Generation,
        partition: Partition,
    ) -> Result<Vec<Batch>, ControlPlaneError> {
        let rows: Vec<BatchRow> = sqlx::query_as(sql!("ledger/planned"))
            .bind(group.as_str())
            .bind(integer(generation))
            .bind(integer(partition))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Batch::from).collect())
    }

    /// Writes the plan of a batch, before any of its rows is sent. It must begin where the last
    /// planned batch ends, or at the lease's next offset when none is outstanding. At most two may
    /// be outstanding.
    ///
    /// # Errors
    /// [`LedgerError::Rerouted`] if it is based on a route that is not the current one of its tenant.
    pub async fn plan(&self, lease: &Lease, plan: &BatchPlan) -> Result<(), LedgerError> {
        let routes = Json(plan.routes());
        let planned = bind_plan(sqlx::query(sql!("ledger/plan")), lease, plan)
            .bind(&routes)
            .bind(Json(plan.tenant_rows()))
            .execute(&self.pool)
            .await?;
        if planned.rows_affected() == 1 {
            return Ok(());
        }
        Err(self.refusal(&routes).await?)
    }

    /// Replaces the plan of the same range by one that leaves out more records, which turned out to
    /// be poison. Rows already sent under the old plan count for the new one.
    pub async fn replan(&self, lease: &Lease, plan: &BatchPlan) -> Result<(), LedgerError> {
        let written = bind_plan(sqlx::query(sql!("ledger/replan")), lease, plan)
            .bind(Json(plan.tenant_rows()))
            .execute(&self.pool)
            .await?;
        if written.rows_affected() == 1 { Ok(()) } else { Err(LedgerError::Fenced) }
    }

    /// Returns why a step was refused that was based on these routes.
    async fn refusal(
        &self,
        routes: &Json<BTreeMap<&ClientId, u32>>,
    ) -> Result<LedgerError, ControlPlaneError> {
        let asked = sqlx::query_scalar(sql!("ledger/outdated_routes")).bind(routes);
        let is_outdated: bool = asked.fetch_one(&self.pool).await?;
        Ok(if is_outdated { LedgerError::Rerouted } else { LedgerError::Fenced })
    }

    /// Returns the offsets of the poison records in batches that end at `since` or later,
    /// ascending.
    pub async fn poison_offsets(
        &self,
        lease: &Lease,
        since: Offset,
    ) -> Result<Vec<Offset>, ControlPlaneError> {
        let offsets: Vec<i64> = sqlx::query_scalar(sql!("ledger/poison_offsets"))
            .bind(lease.group.as_str())
            .bind(integer(lease.next.generation))
            .bind(integer(lease.next.partition))
            .bind(bigint(since))
            .fetch_all(&self.pool)
            .await?;
        Ok(offsets.into_iter().map(offset).collect())
    }

    /// Marks the planned batch that ends at `last` as done. Returns the advanced lease.
    pub async fn mark(
        &self,
        lease: &Lease,
        last: Offset,
        as_of: DateTime<Utc>,
    ) -> Result<Lease, LedgerError> {
        mark(&self.pool, lease, last, as_of).await
    }

    /// Advances the lease to `next` without a batch, for a sink that has its own fence.
    /// Returns the advanced lease.
    pub async fn advance(
        &self,
        lease: &Lease,
        next: Offset,
        as_of: DateTime<Utc>,
    ) -> Result<Lease, LedgerError> {
        let moved: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(sql!("ledger/advance"))
            .bind(lease.group.as_str())
            .bind(integer(lease.next.generation))
            .bind(integer(lease.next.partition))
            .bind(lease.epoch.cast_signed())
            .bind(bigint(lease.next.offset))
            .bind(bigint(next))
            .bind(as_of)
            .fetch_optional(&self.pool)
            .await?;
        lease.advanced(next, moved)
    }

    /// As [`Ledger::advance`], for a sink that has written the records to the destinations of their tenants:
    /// `routes` has each tenant with the route version that was used.
    ///
    /// # Errors
    /// [`LedgerError::Rerouted`] if one is not the current one: the records have to be written again.
    pub async fn advance_on_routes(
        &self,
        lease: &Lease,
        next: Offset,
        as_of: DateTime<Utc>,
        routes: &BTreeMap<&ClientId, u32>,
    ) -> Result<Lease, LedgerError> {
        let routes = Json(routes.clone());
        let moved: Option<Option<DateTime<Utc>>> =
            sqlx::query_scalar(sql!("ledger/advance_on_routes"))
                .bind(lease.group.as_str())
                .bind(integer(lease.next.generation))
                .bind(integer(lease.next.partition))
                .bind(lease.epoch.cast_signed())
                .bind(bigint(lease.next.offset))
                .bind(bigint(next))
                .bind(as_of)
                .bind(&routes)
                .fetch_optional(&self.pool)
                .await?;
        match moved {
            Some(_) => lease.advanced(next, moved),
            None => Err(self.refusal(&routes).await?),
        }
    }

    /// Notes that quiet partitions are complete up to the time `as_of`. Skips a partition whose
    /// epoch is no longer current, or whose lease in the ledger is behind.
    pub async fn touch(
        &self,
        group: Group,
        generation: Generation,
        partitions: &[UpToDate],
        as_of: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let numbers: Vec<_> = partitions.iter().map(|held| integer(held.partition)).collect();
        let epochs: Vec<_> = partitions.iter().map(|held| held.epoch.cast_signed()).collect();
        let offsets: Vec<_> = partitions.iter().map(|held| bigint(held.next)).collect();
        sqlx::query(sql!("ledger/touch"))
            .bind(group.as_str())
            .bind(integer(generation))
            .bind(numbers)
            .bind(epochs)
            .bind(as_of)
            .bind(offsets)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Returns the time before which `group` has completed everything that `topic`, in its latest
    /// generation, received, in every partition; `None` while a partition has no such time.
    pub async fn as_of(
        &self,
        group: Group,
        topic: &str,
    ) -> Result<Option<DateTime<Utc>>, ControlPlaneError> {
        let asked = sqlx::query_scalar(sql!("ledger/as_of")).bind(group.as_str()).bind(topic);
        Ok(asked.fetch_optional(&self.pool).await?)
    }

    /// Returns the next place of each partition's lease: the first that `group` has not completed.
    /// Covers every generation of `topic`; ascending.
    pub async fn offsets(
        &self,
        group: Group,
        topic: &str,
    ) -> Result<Vec<LogPlace>, ControlPlaneError> {
        self.next_places(sql!("ledger/offsets"), group, topic).await
    }

    /// As [`Ledger::offsets`], of the latest generation only.
    pub async fn noted_offsets(
        &self,
        group: Group,
        topic: &str,
    ) -> Result<Vec<LogPlace>, ControlPlaneError> {
        self.next_places(sql!("ledger/noted_offsets"), group, topic).await
    }

    async fn next_places(
        &self,
        sql: &'static str,
        group: Group,
        topic: &str,
    ) -> Result<Vec<LogPlace>, ControlPlaneError> {
        let rows: Vec<(i32, i32, i64)> =
            sqlx::query_as(sql).bind(group.as_str()).bind(topic).fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|(generation, partition, next)| columns::place(generation, partition, next))
            .collect()
    }

    /// Makes `group` process the records of `topic` from these places on again, where it is past them: for a sink
    /// without plans, whose tables were restored from a copy. A process that has a partition takes it again.
    pub async fn rewind(
        &self,
        group: Group,
        topic: &str,
        places: &[LogPlace],
    ) -> Result<(), ControlPlaneError> {
        let generations: Vec<_> = places.iter().map(|place| integer(place.generation)).collect();
        let partitions: Vec<_> = places.iter().map(|place| integer(place.partition)).collect();
        let offsets: Vec<_> = places.iter().map(|place| bigint(place.offset)).collect();
        sqlx::query(sql!("ledger/rewind"))
            .bind(group.as_str())
            .bind(topic)
            .bind(generations)
            .bind(partitions)
            .bind(offsets)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Deletes batches done before `horizon`; returns how many. Leases remain.
    pub async fn prune(&self, horizon: DateTime<Utc>) -> Result<u64, ControlPlaneError> {
        let pruned = sqlx::query(sql!("ledger/prune")).bind(horizon).execute(&self.pool).await?;
        Ok(pruned.rows_affected())
    }
}

type PgQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// Binds what a plan and its replacement have in common. The statement checks the lease.
fn bind_plan<'q>(query: PgQuery<'q>, lease: &Lease, plan: &'q BatchPlan) -> PgQuery<'q> {
    query
        .bind(lease.group.as_str())
        .bind(integer(lease.next.generation))
        .bind(integer(lease.next.partition))
        .bind(lease.epoch.cast_signed())
        .bind(bigint(plan.first))
        .bind(bigint(plan.last))
        .bind(Json(&plan.skip))
        .bind(Json(&plan.destinations))
}

/// As [`Ledger::mark`], also as part of a larger transaction.
async fn mark(
    executor: impl PgExecutor<'_>,
    lease: &Lease,
    last: Offset,
    as_of: DateTime<Utc>,
) -> Result<Lease, LedgerError> {
    let moved: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(sql!("ledger/mark"))
        .bind(lease.group.as_str())
        .bind(integer(lease.next.generation))
        .bind(integer(lease.next.partition))
        .bind(lease.epoch.cast_signed())
        .bind(bigint(lease.next.offset))
        .bind(bigint(last))
        .bind(as_of)
        .fetch_optional(executor)
        .await?;
    lease.advanced(last.next(), moved)
}
