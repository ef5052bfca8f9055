use std::time::Duration;

use clickhouse::{RowOwned, RowRead, query::Query};
use money::Currency;
use tenancy::TenantContext;

use crate::{Warehouse, WarehouseError, cells::Statement, driver::within};

/// Longer than the server's own limit on the reader's queries, so that the server answers first.
const QUERY_TIMEOUT: Duration = Duration::from_secs(40);

/// The reports of one tenant.
///
/// Every query runs on the tenant's cluster and database, as the reader account. It names the
/// tenant twice: in the parameter `client_id` and in the setting that the row policy compares.
#[derive(Clone)]
pub struct TenantWarehouse {
    warehouse: Warehouse,
    context: TenantContext,
}

impl TenantWarehouse {
    pub(crate) fn new(warehouse: Warehouse, context: TenantContext) -> Self {
        Self { warehouse, context }
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
        self.run(&statement.sql, |query| statement.bind(query)).await
    }

    async fn run<R>(
        &self,
        sql: &str,
        bind: impl FnOnce(Query) -> Query,
    ) -> Result<Vec<R>, WarehouseError>
    where
        R: RowOwned + RowRead,
    {
        let destination = self.context.destination();
        let cluster = self.warehouse.cluster(&destination.cluster)?;
        let client_id = self.context.client_id();
        let query = cluster
            .reader(destination)
            .query_raw(sql)
            .with_setting("log_comment", client_id.as_str())
            .param("client_id", client_id.as_str());
        let limit = self.context.limits().concurrent_queries;
        let slots = &self.warehouse.shared.query_slots;
        let _slot = slots.acquire(&destination.cluster, client_id, limit).await?;
        within(QUERY_TIMEOUT, bind(query).fetch_all::<R>()).await
    }
}
