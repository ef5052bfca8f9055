use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clickhouse::{RowOwned, RowRead, query::Query};
use money::Currency;
use tenancy::{Placement, TenantContext};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::{
    KeptDays, Warehouse, WarehouseError, driver::within, query_slots::QuerySlot,
    statement::Statement,
};

/// Longer than the server's own limit on the reader's queries, so that the server answers first.
pub(crate) const QUERY_TIMEOUT: Duration = Duration::from_secs(40);

/// How many statements of one report run at once.
const STATEMENTS: usize = 2;

/// The reports of one tenant.
///
/// Every query runs on the tenant's cluster and database, as the reader account. It names the
/// tenant twice: in the parameter `client_id` and in the setting that the row policy compares.
#[derive(Clone)]
pub struct TenantWarehouse {
    warehouse: Warehouse,
    context: TenantContext,
    /// The place of the report that all statements belong to.
    held: Option<Arc<Held>>,
    /// The longest time for which a statement has waited for its place, in microseconds.
    queued: Arc<AtomicU64>,
    /// The days whose rollups are read in place of their rows.
    pub(crate) kept: Option<KeptDays>,
}

/// The place of a report of several statements.
struct Held {
    /// Taken by the first statement: a report that needs none of them takes no place.
    slot: OnceCell<QuerySlot>,
    /// How many of its statements may still run.
    statements: Arc<Semaphore>,
}

/// The right to run a statement, until dropped.
pub(crate) enum Turn {
    Report { _slot: QuerySlot },
    Statement { _permit: OwnedSemaphorePermit },
}

impl TenantWarehouse {
    pub(crate) fn new(warehouse: Warehouse, context: TenantContext) -> Self {
        Self { warehouse, context, held: None, queued: Arc::default(), kept: None }
    }

    /// Makes all statements that follow one report: the first one waits until the tenant may run a report,
    /// and two of them run at once. Otherwise each statement is a report of its own.
    #[must_use]
    pub fn in_one_slot(mut self) -> Self {
        let statements = Arc::new(Semaphore::new(STATEMENTS));
        self.held = Some(Arc::new(Held { slot: OnceCell::new(), statements }));
        self
    }

    /// Makes sums read the kept rollups of these days in place of their rows, as far as they have what a query
    /// asks for ([`CellQuery::kept_rollup`](crate::CellQuery::kept_rollup)). Everything else is read from rows.
    #[must_use]
    pub fn with_kept_days(mut self, kept: Option<KeptDays>) -> Self {
        self.kept = kept;
        self
    }

    /// Returns the longest time for which a statement has waited until the tenant could run it.
    pub fn queued(&self) -> Duration {
        Duration::from_micros(self.queued.load(Ordering::Relaxed))
    }

    pub(crate) fn placement(&self) -> &Placement {
        self.context.placement()
    }

    /// Returns the tenant's currency.
    pub(crate) fn currency(&self) -> Currency {
        self.context.currency()
    }

    /// Runs one of this crate's statements; `bind` adds the parameters other than `client_id`.
    pub(crate) async fn fetch<R>(
        &self,
        sql: &'static str,
        bind: impl FnOnce(Query) -> Query,
    ) -> Result<Vec<R>, WarehouseError>
    where
        R: RowOwned + RowRead,
    {
        self.run(sql, bind).await
    }

    /// Runs a statement that was made of one of this crate's templates.
    pub(crate) async fn fetch_statement<R>(
        &self,
        statement: &Statement,
    ) -> Result<Vec<R>, WarehouseError>
    where
        R: RowOwned + RowRead,
    {
        self.run(&statement.sql, |query| self.limited(statement.bind(query))).await
    }

    /// Runs a statement that was made of one of this crate's templates, and hands over each row as it
    /// arrives.
    pub(crate) async fn for_each<R>(
        &self,
        statement: &Statement,
        mut each: impl FnMut(R),
    ) -> Result<(), WarehouseError>
    where
        R: RowOwned + RowRead,
    {
        let query = self.limited(statement.bind(self.query(&statement.sql)?));
        let _slot = self.slot().await?;
        within(QUERY_TIMEOUT, async {
            let mut rows = query.fetch::<R>()?;
            while let Some(row) = rows.next().await? {
                each(row);
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn run<R>(
        &self,
        sql: &str,
        bind: impl FnOnce(Query) -> Query,
    ) -> Result<Vec<R>, WarehouseError>
    where
        R: RowOwned + RowRead,
    {
        let query = bind(self.query(sql)?);
        let _slot = self.slot().await?;
        within(QUERY_TIMEOUT, query.fetch_all::<R>()).await
    }

    /// Returns a query that names the tenant twice.
    pub(crate) fn query(&self, sql: &str) -> Result<Query, WarehouseError> {
        let destination = self.context.destination();
        let client_id = self.context.client_id().as_str();
        let reader = self.warehouse.cluster(&destination.cluster)?.reader(destination);
        let query = reader.query_raw(sql).with_setting("log_comment", client_id);
        Ok(query.param("client_id", client_id))
    }

    /// Limits what a report may take: the tenant's own limits, in place of those of the reader's profile.
    fn limited(&self, query: Query) -> Query {
        let limits = self.context.limits();
        query
            .with_setting("max_execution_time", limits.query_seconds.to_string())
            .with_setting("max_memory_usage", limits.query_memory_bytes().to_string())
            .with_setting("max_rows_to_read", limits.query_rows.to_string())
    }

    /// Waits until the tenant may run an export.
    pub(crate) async fn export_slot(&self) -> Result<QuerySlot, WarehouseError> {
        let cluster = &self.context.destination().cluster;
        self.warehouse.shared.export_slots.0.acquire(cluster, self.context.client_id(), 1).await
    }

    /// Waits until a statement may run.
    pub(crate) async fn slot(&self) -> Result<Turn, WarehouseError> {
        match &self.held {
            None => Ok(Turn::Report { _slot: self.report_slot().await? }),
            Some(held) => {
                let permit = Arc::clone(&held.statements).acquire_owned().await;
                let _permit =
                    permit.map_err(|closed| WarehouseError::Unavailable(closed.into()))?;
                held.slot.get_or_try_init(|| self.report_slot()).await?;
                Ok(Turn::Statement { _permit })
            }
        }
    }

    async fn report_slot(&self) -> Result<QuerySlot, WarehouseError> {
        let limit = self.context.limits().concurrent_queries;
        let cluster = &self.context.destination().cluster;
        let slots = &self.warehouse.shared.query_slots;
        let slot = slots.acquire(cluster, self.context.client_id(), limit).await?;
        let waited = u64::try_from(slot.waited.as_micros()).unwrap_or(u64::MAX);
        self.queued.fetch_max(waited, Ordering::Relaxed);
        Ok(slot)
    }
}
