use std::time::Duration;

use clickhouse::{RowOwned, RowRead, query::Query};
use tenancy::TenantContext;

use crate::{Warehouse, WarehouseError, driver::within};

/// Longer than the server lets the reader's queries run, so that the server's answer comes first.
const QUERY_TIMEOUT: Duration = Duration::from_secs(40);

/// One tenant's reports.
///
/// Every query runs on the tenant's own cluster and database, as the reader account, with the tenant
/// bound twice: as the parameter `client_id` and as the setting that the row policy compares.
#[derive(Clone)]
pub struct TenantWarehouse {
    warehouse: Warehouse,
    context: TenantContext,
}

impl TenantWarehouse {
    pub(crate) fn new(warehouse: Warehouse, context: TenantContext) -> Self {
        Self { warehouse, context }
    }

    /// Runs one of this crate's own statements; `bind` adds parameters beside `client_id`.
    pub(crate) async fn fetch<R>(
        &self,
        sql: &'static str,
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
        let _turn = self.warehouse.shared.turns.take(client_id, limit).await?;
        within(QUERY_TIMEOUT, bind(query).fetch_all::<R>()).await
    }
}
