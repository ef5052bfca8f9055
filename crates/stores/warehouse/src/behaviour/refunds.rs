use chrono::{DateTime, Utc};
use clickhouse::Row;
use money::{Amount, Quantity};
use serde::Deserialize;

use super::milliseconds;
use crate::{
    TenantWarehouse, WarehouseError,
    statement::{Parameters, Statement},
};

/// What was refunded of a product of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The order, as the shop names it.
    pub order_id: String,
    /// The product.
    pub product: String,
    /// The currency; empty if none was sent.
    pub currency: String,
    /// Price times quantity.
    pub total: Amount,
    /// How much came back.
    pub quantity: Quantity,
}

#[derive(Row, Deserialize)]
struct RefundRow {
    order_id: String,
    product_id: String,
    currency: String,
    total: i64,
    quantity: i64,
}

impl TenantWarehouse {
    /// Returns what was refunded from a time on, also without a visitor.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn refunds(&self, from: DateTime<Utc>) -> Result<Vec<Refund>, WarehouseError> {
        let mut parameters = Parameters::default();
        parameters.set("from", milliseconds(from));
        let sql = include_str!("../../queries/refunds.sql").to_owned();
        let rows: Vec<RefundRow> = self.fetch_statement(&Statement { sql, parameters }).await?;
        let refund = |row: RefundRow| Refund {
            order_id: row.order_id,
            product: row.product_id,
            currency: row.currency,
            total: Amount::from_micros(row.total),
            quantity: Quantity::from_thousandths(u64::try_from(row.quantity).unwrap_or_default()),
        };
        Ok(rows.into_iter().map(refund).collect())
    }
}
