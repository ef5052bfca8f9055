use clickhouse::Row;
use metrics::{MoneySum, Sums};
use serde::Deserialize;

use super::{Cell, CellQuery};
use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, start},
};

#[derive(Row, Deserialize)]
struct SpendRow {
    bucket: u32,
    keys: Vec<String>,
    currency: String,
    spend: i128,
}

impl TenantWarehouse {
    /// Hands over what the events of each cell cost in one currency, and nothing else, as it arrives; cells without
    /// costs are absent.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn spend(
        &self,
        query: &CellQuery<'_>,
        mut each: impl FnMut(Cell, Sums),
    ) -> Result<(), WarehouseError> {
        let statement = query.statement(include_str!("../../queries/cells_spend.sql"));
        self.for_each(&statement, |row: SpendRow| {
            let SpendRow { bucket, keys, currency, spend } = row;
            let mut sums = Sums::default();
            add_money(&mut sums, currency.parse().ok(), [(MoneySum::Spend, spend)]);
            each((start(bucket), keys), sums);
        })
        .await
    }
}
