use clickhouse::Row;
use metrics::{Counter, Level, MoneySum, QuantitySum, Sums};
use money::Currency;
use serde::Deserialize;

use super::TimeQuery;
use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, quantity},
    cells::{amounts, refunded},
};

/// What one key did, in the order of time.
#[derive(Clone, Debug, Default)]
pub struct KeyActivities {
    /// The visitor or customer.
    pub key: String,
    /// Its events.
    pub activities: Vec<Activity>,
}

/// An event of a key, with its numbers.
#[derive(Clone, Debug)]
pub struct Activity {
    /// In milliseconds since 1970.
    pub time: i64,
    event_type: String,
    /// Empty if none was sent.
    currency: String,
    /// In thousandths.
    units: i64,
    /// In millionths.
    spend: i64,
    /// In millionths.
    sales: i64,
    /// In millionths, if it is a refund.
    refunded: i64,
}

#[derive(Row, Deserialize)]
struct ActivityRow {
    key: String,
    without_key: u64,
    /// Time, type, currency, units, spend, sales, refunded.
    activities: Vec<(i64, String, String, i64, i64, i64, i64)>,
}

impl TenantWarehouse {
    /// Hands over what each key did as it arrives; of products if `level` says so. Returns the number
    /// of events without a key.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn activities(
        &self,
        query: &TimeQuery<'_>,
        level: Level,
        mut each: impl FnMut(KeyActivities),
    ) -> Result<u64, WarehouseError> {
        let mut statement = query.statement(include_str!("../../queries/activities.sql"));
        let [spent, earned] = amounts(level);
        statement.sql = statement.sql.replace("{spent}", spent).replace("{earned}", earned);
        statement.sql = statement.sql.replace("{refunded}", refunded(level));
        let mut without_key = 0;
        self.for_each(&statement, |row: ActivityRow| {
            without_key += row.without_key;
            if !row.activities.is_empty() {
                each(row.activities());
            }
        })
        .await?;
        Ok(without_key)
    }
}

impl ActivityRow {
    fn activities(self) -> KeyActivities {
        let activity = |(time, event_type, currency, units, spend, sales, refunded)| Activity {
            time,
            event_type,
            currency,
            units,
            spend,
            sales,
            refunded,
        };
        let mut activities: Vec<_> = self.activities.into_iter().map(activity).collect();
        activities.sort_unstable_by_key(|activity| activity.time);
        KeyActivities { key: self.key, activities }
    }
}

impl Activity {
    /// Adds its numbers. An amount always has a currency.
    pub fn add_to(&self, sums: &mut Sums) {
        let currency = self.currency.parse::<Currency>().ok();
        sums.add_count(Counter::Events, currency, 1);
        if let Some(counter) = counter(&self.event_type) {
            sums.add_count(counter, currency, 1);
        }
        let if_of = |event_type: &str, number: i64| match self.event_type == event_type {
            true => i128::from(number),
            false => 0,
        };
        sums.add_quantity(QuantitySum::UnitsSold, quantity(if_of("purchase", self.units)));
        sums.add_quantity(QuantitySum::UnitsRefunded, quantity(if_of("refund", self.units)));
        let amounts = [
            (MoneySum::Spend, i128::from(self.spend)),
            (MoneySum::Sales, if_of("purchase", self.sales)),
            (MoneySum::Refunded, if_of("refund", self.refunded)),
        ];
        add_money(sums, currency, amounts);
    }
}

/// Returns the counter of a type of event, as `cells.sql` counts it.
fn counter(event_type: &str) -> Option<Counter> {
    Some(match event_type {
        "ad_impression" => Counter::Impressions,
        "ad_viewable" => Counter::ViewableImpressions,
        "ad_click" => Counter::Clicks,
        "product_view" => Counter::ProductViews,
        "add_to_cart" => Counter::AddToCarts,
        "purchase" => Counter::Orders,
        "page_view" => Counter::PageViews,
        "product_list_view" => Counter::ProductListViews,
        "remove_from_cart" => Counter::CartRemovals,
        "begin_checkout" => Counter::Checkouts,
        "refund" => Counter::Refunds,
        _ => return None,
    })
}
