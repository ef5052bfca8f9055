use std::collections::BTreeMap;

use clickhouse::Row;
use metrics::{Counter, MoneySum, Sums};
use serde::Deserialize;

use super::{Cell, CellQuery};
use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, start},
    statement::Statement,
};

#[derive(Row, Deserialize)]
struct NewToBrandRow {
    bucket: u32,
    keys: Vec<String>,
    currency: String,
    orders: u64,
    sales: i128,
}

impl TenantWarehouse {
    /// Returns the orders of each cell that are new to a brand, with what these items cost, and nothing
    /// else; cells without such orders are absent. Orders of a year before the range are read.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn new_to_brand_cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let mut cells = BTreeMap::<_, Sums>::new();
        for row in self.fetch_statement::<NewToBrandRow>(&statement(query)).await? {
            let NewToBrandRow { bucket, keys, currency, orders, sales } = row;
            let sums = cells.entry((start(bucket), keys)).or_default();
            let currency = currency.parse().ok();
            sums.add_count(Counter::NewToBrandOrders, currency, orders);
            add_money(sums, currency, [(MoneySum::NewToBrandSales, sales)]);
        }
        Ok(cells)
    }
}

pub(super) fn statement(query: &CellQuery<'_>) -> Statement {
    query.statement(include_str!("../../queries/cells_new_to_brand.sql"))
}
