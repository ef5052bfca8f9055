use std::collections::BTreeMap;

use clickhouse::Row;
use metrics::{Level, MoneySum, Sums};
use serde::Deserialize;

use super::{Cell, CellQuery};
use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, start},
    statement::Statement,
};

#[derive(Row, Deserialize)]
struct RefundRow {
    bucket: u32,
    keys: Vec<String>,
    currency: String,
    refunded: i128,
}

impl TenantWarehouse {
    /// Returns what was refunded in each cell, and nothing else; cells without refunds are absent.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn refunded_cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let mut cells = BTreeMap::<_, Sums>::new();
        for row in self.fetch_statement::<RefundRow>(&statement(query)).await? {
            let RefundRow { bucket, keys, currency, refunded } = row;
            let sums = cells.entry((start(bucket), keys)).or_default();
            add_money(sums, currency.parse().ok(), [(MoneySum::Refunded, refunded)]);
        }
        Ok(cells)
    }
}

pub(super) fn statement(query: &CellQuery<'_>) -> Statement {
    let mut statement = query.statement(include_str!("../../queries/cells_refunded.sql"));
    statement.sql = statement.sql.replace("{refunded}", refunded(query.level));
    statement
}

/// Returns the expression of what one event refunds.
pub(crate) const fn refunded(level: Level) -> &'static str {
    match level {
        Level::Event => "if(sum(revenue) = 0, sum(line_total), sum(revenue))",
        Level::Product => "sum(line_total)",
    }
}
