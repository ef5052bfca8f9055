use std::time::Duration;

use chrono::{DateTime, Utc};
use tenancy::{ClientId, Destination, Isolation, Placement};

use crate::{Warehouse, WarehouseError, driver::within};

/// How long one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// How many rows of a tenant a database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantRows {
    /// Rows of events.
    pub event_rows: u64,
    /// Rejects; copies of one are counted apart.
    pub rejects: u64,
    /// Rows of kept rollups, and their days.
    pub rollup_rows: u64,
}

impl TenantRows {
    /// Returns whether there are none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// After every row, in seconds since 1970: 2200-01-01.
const END: i64 = 7_258_118_400;

impl Warehouse {
    /// Counts the rows of a tenant where a placement puts them; none if the database does not exist.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn rows_of_tenant(
        &self,
        placement: &Placement,
        client_id: &ClientId,
    ) -> Result<TenantRows, WarehouseError> {
        let destination = placement.destination(client_id);
        let server = self.cluster(&destination.cluster)?.server();
        let exists = server.query_raw(include_str!("../queries/platform/has_tables.sql"));
        let exists = exists.param("database", &destination.database).fetch_one::<bool>();
        if !within(STATEMENT_TIMEOUT, exists).await? {
            return Ok(TenantRows::default());
        }
        let sql = include_str!("../queries/platform/rows_of_tenant.sql");
        let query = self.writer(&destination)?.query_raw(sql);
        let query = query.param("client_id", client_id.as_str()).fetch_one::<(u64, u64)>();
        let (event_rows, rejects) = within(STATEMENT_TIMEOUT, query).await?;
        if !self.has_kept_rollups(&destination).await? {
            return Ok(TenantRows { event_rows, rejects, rollup_rows: 0 });
        }
        let sql = include_str!("../queries/platform/kept_rows_of_tenant.sql");
        let query = self.writer(&destination)?.query_raw(sql);
        let query = query.param("client_id", client_id.as_str()).fetch_one::<u64>();
        let rollup_rows = within(STATEMENT_TIMEOUT, query).await?;
        Ok(TenantRows { event_rows, rejects, rollup_rows })
    }

    /// Removes a tenant's database, or starts the deletion of its rows in shared tables. The server deletes
    /// these in the background: repeat it until no row is left.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn erase_tenant(
        &self,
        placement: &Placement,
        client_id: &ClientId,
    ) -> Result<(), WarehouseError> {
        let destination = placement.destination(client_id);
        match placement.isolation {
            Isolation::Shared => {
                let all = DateTime::<Utc>::from_timestamp(END, 0).unwrap_or_default();
                self.expire(&destination, client_id, all).await?;
                if self.has_kept_rollups(&destination).await? {
                    self.expire_kept_rollups(&destination, client_id, all).await?;
                }
                Ok(())
            }
            Isolation::Schema | Isolation::Dedicated => {
                let server = self.cluster(&destination.cluster)?.server();
                let statement = include_str!("../queries/platform/drop_database.sql");
                let dropping = server
                    .query_raw(statement)
                    .param("database", &destination.database)
                    // Without this, the server refuses to drop a table of more than 50 GB.
                    .with_setting("max_table_size_to_drop", "0");
                within(STATEMENT_TIMEOUT, dropping.execute()).await
            }
        }
    }

    /// Whether a database has the tables of kept rollups. Without them it has none of any tenant.
    async fn has_kept_rollups(&self, destination: &Destination) -> Result<bool, WarehouseError> {
        let server = self.cluster(&destination.cluster)?.server();
        let exist = server.query_raw(include_str!("../queries/platform/has_kept_rollups.sql"));
        let exist = exist.param("database", &destination.database).fetch_one::<bool>();
        within(STATEMENT_TIMEOUT, exist).await
    }
}
