use clickhouse::Row;
use serde::Deserialize;

use super::{Cell, CellQuery};
use crate::{TenantWarehouse, WarehouseError, campaign::start, statement::Statement};

#[derive(Row, Deserialize)]
struct SessionRow {
    bucket: u32,
    keys: Vec<String>,
    sessions: u64,
}

impl TenantWarehouse {
    /// Returns how many sessions begin in each cell, by the statement of a query.
    pub(super) async fn session_cells(
        &self,
        statement: &Statement,
    ) -> Result<Vec<(Cell, u64)>, WarehouseError> {
        let rows: Vec<SessionRow> = self.fetch_statement(statement).await?;
        let cell = |row: SessionRow| ((start(row.bucket), row.keys), row.sessions);
        Ok(rows.into_iter().map(cell).collect())
    }
}

pub(super) fn statement(query: &CellQuery<'_>) -> Statement {
    query.statement(include_str!("../../queries/cells_sessions.sql"))
}
