use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clickhouse::{Row, query::Query};
use metrics::{Counter, Granularity, MoneySum, QuantitySum, Sums, TimeRange};
use money::{Amount, Currency, Quantity};
use serde::Deserialize;
use tenancy::CampaignId;

use crate::{TenantWarehouse, WarehouseError};

/// Exact numbers of distinct visitors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// In the whole range: at most the sum of the buckets.
    pub total: u64,
    /// By the start of the bucket; buckets without visitors are absent.
    pub buckets: BTreeMap<DateTime<Utc>, u64>,
}

#[derive(Row, Deserialize)]
struct SeriesRow {
    bucket: u32,
    currency: String,
    impressions: u64,
    viewable_impressions: u64,
    clicks: u64,
    product_views: u64,
    add_to_carts: u64,
    orders: u64,
    units_sold: i128,
    spend: i128,
    sales: i128,
}

#[derive(Row, Deserialize)]
struct VisitorsRow {
    is_bucket: bool,
    bucket: u32,
    visitors: u64,
}

impl TenantWarehouse {
    /// Returns a campaign's sums by the start of the bucket; buckets without events are absent.
    ///
    /// The buckets are those of [`Granularity::buckets`]; the first begins with the range.
    pub async fn campaign_series(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> Result<BTreeMap<DateTime<Utc>, Sums>, WarehouseError> {
        let sql = include_str!("../queries/campaign_series.sql");
        let rows: Vec<SeriesRow> =
            self.fetch(sql, |query| bind(query, campaign, range, granularity, zone)).await?;
        let mut series = BTreeMap::<_, Sums>::new();
        for row in rows {
            row.add_to(series.entry(start(row.bucket)).or_default());
        }
        Ok(series)
    }

    /// Counts a campaign's distinct visitors, in the whole range and in each bucket.
    pub async fn campaign_visitors(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> Result<Visitors, WarehouseError> {
        let sql = include_str!("../queries/campaign_visitors.sql");
        let rows: Vec<VisitorsRow> =
            self.fetch(sql, |query| bind(query, campaign, range, granularity, zone)).await?;
        let mut visitors = Visitors::default();
        for row in rows {
            if row.is_bucket {
                visitors.buckets.insert(start(row.bucket), row.visitors);
            } else {
                visitors.total = row.visitors;
            }
        }
        Ok(visitors)
    }
}

impl SeriesRow {
    /// Adds the values that are not zero. Rows without a currency are in the tenant's own.
    fn add_to(&self, sums: &mut Sums) {
        let currency = self.currency.parse::<Currency>().ok();
        for counter in Counter::ALL {
            sums.add_count(counter, currency, self.count(counter));
        }
        sums.add_quantity(QuantitySum::UnitsSold, quantity(self.units_sold));
        add_money(sums, currency, self.spend, self.sales);
    }

    fn count(&self, counter: Counter) -> u64 {
        match counter {
            Counter::Impressions => self.impressions,
            Counter::ViewableImpressions => self.viewable_impressions,
            Counter::Clicks => self.clicks,
            Counter::ProductViews => self.product_views,
            Counter::AddToCarts => self.add_to_carts,
            Counter::Orders => self.orders,
        }
    }
}

fn bind(
    query: Query,
    campaign: &CampaignId,
    range: TimeRange,
    granularity: Granularity,
    zone: Tz,
) -> Query {
    let buckets = granularity.buckets(range, zone);
    let (stretches, starts): (Vec<_>, Vec<_>) =
        buckets.stretches().map(|(from, start)| (seconds(from), seconds(start))).unzip();
    query
        .param("campaign_id", campaign.as_str())
        .param("from", seconds(range.from()))
        .param("to", seconds(range.to()))
        .param("stretches", stretches)
        .param("starts", starts)
}

/// Adds the amounts, in millionths, that are not zero. A row with an amount has a currency.
pub(crate) fn add_money(sums: &mut Sums, currency: Option<Currency>, spend: i128, sales: i128) {
    let Some(currency) = currency else {
        return;
    };
    for (sum, micros) in [(MoneySum::Spend, spend), (MoneySum::Sales, sales)] {
        if micros != 0 {
            sums.add_money(sum, currency, amount(micros));
        }
    }
}

/// Converts thousandths. ClickHouse's sums are wider than a [`Quantity`], which saturates.
pub(crate) fn quantity(thousandths: i128) -> Quantity {
    Quantity::from_thousandths(u64::try_from(thousandths.max(0)).unwrap_or(u64::MAX))
}

/// Returns seconds since 1970, as in ClickHouse's `DateTime`, which ends in 2106.
pub(crate) fn seconds(time: DateTime<Utc>) -> u32 {
    u32::try_from(time.timestamp().max(0)).unwrap_or(u32::MAX)
}

/// Converts seconds since 1970, the start of a bucket.
pub(crate) fn start(seconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::from(seconds), 0).unwrap_or_default()
}

/// Converts millionths. ClickHouse's sums are wider than an [`Amount`], which saturates.
fn amount(micros: i128) -> Amount {
    let end = if micros < 0 { i64::MIN } else { i64::MAX };
    Amount::from_micros(i64::try_from(micros).unwrap_or(end))
}
