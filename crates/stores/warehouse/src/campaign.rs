use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics::{
    Dimension, DimensionTest, Distinct, Distincts, EventTest, Filter, Granularity, Level, MoneySum,
    Sums, TextTest, TimeRange,
};
use money::{Amount, Currency, Quantity};
use tenancy::CampaignId;

use crate::{CellQuery, Keys, TenantWarehouse, WarehouseError};

/// Exact numbers of a campaign's distinct values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinctSeries {
    /// In the whole range: at most the sum of the buckets.
    pub total: Distincts,
    /// By the start of the bucket; buckets without events are absent.
    pub buckets: BTreeMap<DateTime<Utc>, Distincts>,
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
        let filter = of(campaign);
        let cells = self.cells(&self.campaign_query(&filter, range, granularity, zone)).await?;
        Ok(cells.into_iter().map(|((start, _), sums)| (start, sums)).collect())
    }

    /// Returns what was refunded in a campaign, by the start of the bucket.
    pub async fn campaign_refunds(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> Result<BTreeMap<DateTime<Utc>, Sums>, WarehouseError> {
        let filter = of(campaign);
        let query = self.campaign_query(&filter, range, granularity, zone);
        let cells = self.refunded_cells(&query).await?;
        Ok(cells.into_iter().map(|((start, _), sums)| (start, sums)).collect())
    }

    /// Returns the orders of a campaign that are new to a brand, by the start of the bucket.
    pub async fn campaign_new_to_brand(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> Result<BTreeMap<DateTime<Utc>, Sums>, WarehouseError> {
        let filter = of(campaign);
        let query = self.campaign_query(&filter, range, granularity, zone);
        let cells = self.new_to_brand_cells(&query).await?;
        Ok(cells.into_iter().map(|((start, _), sums)| (start, sums)).collect())
    }

    /// Returns the sales of all events of the tenant, by the start of the bucket.
    pub async fn total_sales(
        &self,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> Result<BTreeMap<DateTime<Utc>, Sums>, WarehouseError> {
        let everything = Filter::EVERYTHING;
        let cells = self.cells(&self.campaign_query(&everything, range, granularity, zone)).await?;
        Ok(cells.into_iter().map(|((start, _), sums)| (start, sums.as_total_sales())).collect())
    }

    /// Counts a campaign's distinct values, in the whole range and in each bucket. Numbers that depend on
    /// first orders are zero unless they are `wanted`.
    pub async fn campaign_distincts(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
        wanted: &BTreeSet<Distinct>,
    ) -> Result<DistinctSeries, WarehouseError> {
        let filter = of(campaign);
        let query = self.campaign_query(&filter, range, granularity, zone);
        let cells = self.distinct_cells(&query, wanted).await?;
        Ok(DistinctSeries {
            total: cells.totals.into_values().next().unwrap_or_default(),
            buckets: cells
                .buckets
                .into_iter()
                .map(|((start, _), distincts)| (start, distincts))
                .collect(),
        })
    }

    fn campaign_query<'a>(
        &self,
        filter: &'a Filter<EventTest>,
        range: TimeRange,
        granularity: Granularity,
        zone: Tz,
    ) -> CellQuery<'a> {
        let home = self.currency();
        let level = Level::Event;
        let buckets = granularity.buckets(range, zone);
        CellQuery {
            range,
            buckets,
            zone,
            home,
            level,
            counts: true,
            by: &[],
            filter,
            keys: Keys::All,
            advertisers: None,
        }
    }
}

fn of(campaign: &CampaignId) -> Filter<EventTest> {
    let test = TextTest::In(vec![campaign.as_str().to_owned()]);
    Filter::Test(DimensionTest { dimension: Dimension::Campaign, test }.into())
}

/// Adds the amounts, in millionths, that are not zero. A row with an amount has a currency.
pub(crate) fn add_money(
    sums: &mut Sums,
    currency: Option<Currency>,
    amounts: impl IntoIterator<Item = (MoneySum, i128)>,
) {
    let Some(currency) = currency else {
        return;
    };
    for (sum, micros) in amounts {
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
