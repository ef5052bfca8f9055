use clickhouse::Row;
use metrics::{Counter, Distincts, MoneySum, QuantitySum, Sums};
use money::Currency;
use serde::Deserialize;

use super::DistinctCells;
use crate::campaign::{add_money, quantity, start};

#[derive(Row, Deserialize)]
pub(super) struct CellRow {
    pub(super) bucket: u32,
    pub(super) keys: Vec<String>,
    currency: String,
    /// In the order of [`Counter::ALL`], without the last ones, which are read or computed on their own.
    counts: Vec<u64>,
    units_sold: i128,
    units_refunded: i128,
    spend: i128,
    sales: i128,
}

#[derive(Row, Deserialize)]
pub(super) struct DistinctRow {
    is_bucket: bool,
    bucket: u32,
    keys: Vec<String>,
    visitors: u64,
    customers: u64,
    new_customers: u64,
    returning_customers: u64,
}

/// A part of the answer of `EXPLAIN ESTIMATE`.
#[derive(Row, Deserialize)]
#[expect(dead_code, reason = "the server sends all columns")]
pub(super) struct EstimateRow {
    database: String,
    table: String,
    parts: u64,
    pub(super) rows: u64,
    marks: u64,
}

impl CellRow {
    /// Adds the values that are not zero. Rows without a currency are in the tenant's own.
    pub(super) fn add_to(&self, sums: &mut Sums) {
        let currency = self.currency.parse::<Currency>().ok();
        for (counter, count) in Counter::ALL.into_iter().zip(&self.counts) {
            sums.add_count(counter, currency, *count);
        }
        sums.add_quantity(QuantitySum::UnitsSold, quantity(self.units_sold));
        sums.add_quantity(QuantitySum::UnitsRefunded, quantity(self.units_refunded));
        let amounts = [(MoneySum::Spend, self.spend), (MoneySum::Sales, self.sales)];
        add_money(sums, currency, amounts);
    }
}

impl DistinctRow {
    pub(super) fn add_to(self, cells: &mut DistinctCells) {
        let Self {
            is_bucket,
            bucket,
            keys,
            visitors,
            customers,
            new_customers,
            returning_customers,
        } = self;
        let distincts =
            Distincts { visitors, sessions: 0, customers, new_customers, returning_customers };
        if is_bucket {
            cells.buckets.insert((start(bucket), keys), distincts);
        } else {
            cells.totals.insert(keys, distincts);
        }
    }
}
