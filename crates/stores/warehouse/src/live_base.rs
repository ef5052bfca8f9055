//! The counts that a rebuild adds to the live counters: those of the rows before their chains.

use chrono::{DateTime, Utc};
use clickhouse::{Row, query::Query};
use log::{Generation, Offset};
use metrics::{Counter, MoneySum, QuantitySum, QuarterHour, Sums, TimeRange};
use money::Quantity;
use serde::Deserialize;
use tenancy::CampaignId;

use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, quantity, seconds, start},
};

/// A place in each partition of the log. Rows before it, and rows of earlier generations, are below
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFrontier {
    /// The generation of the log.
    pub generation: Generation,
    /// The first offset of each partition that is not below it, from partition 0 on.
    pub offsets: Vec<Offset>,
}

/// The sums of a campaign's quarter hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarterSums {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour.
    pub quarter: QuarterHour,
    /// The sums of the events in one currency; each other currency has its own `QuarterSums`.
    pub sums: Sums,
}

/// One of the thousand most viewed or most sold products of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedProduct {
    /// The campaign.
    pub campaign: CampaignId,
    /// The retailer's id of the product.
    pub product_id: String,
    /// The count that it is ranked by.
    pub rank: Rank,
}

/// A count that products are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// The number of views of its page.
    Viewed(u64),
    /// The number of units sold.
    Sold(Quantity),
}

/// A visitor of a campaign in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenVisitor {
    /// The campaign.
    pub campaign: CampaignId,
    /// The start of the hour.
    pub hour: DateTime<Utc>,
    /// The visitor.
    pub visitor_id: String,
}

/// One of several equal parts of all visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The number of this part, from 0 on.
    pub index: u32,
    /// The number of parts, at least 1.
    pub of: u32,
}

impl Slice {
    /// All visitors.
    pub const WHOLE: Self = Self { index: 0, of: 1 };
}

#[derive(Row, Deserialize)]
struct SumsRow {
    campaign_id: String,
    quarter: u32,
    currency: String,
    counts: Vec<u64>,
    units_sold: i128,
    spend: i128,
    sales: i128,
}

#[derive(Row, Deserialize)]
struct ProductRow {
    campaign_id: String,
    product_id: String,
    is_sold: bool,
    score: i128,
}

#[derive(Row, Deserialize)]
struct VisitorRow {
    campaign_id: String,
    hour: u32,
    visitor_id: String,
}

impl TenantWarehouse {
    /// Returns the sums of every campaign's quarter hours in `range`, over the rows below `place`.
    pub async fn sums_below(
        &self,
        place: &LogFrontier,
        range: TimeRange,
    ) -> Result<Vec<QuarterSums>, WarehouseError> {
        let sql = include_str!("../queries/live_base_sums.sql");
        let rows: Vec<SumsRow> = self.fetch(sql, |query| bind(query, place, range)).await?;
        rows.into_iter()
            .map(|row| {
                let campaign = campaign(&row.campaign_id)?;
                let quarter = QuarterHour::containing(start(row.quarter));
                Ok(QuarterSums { campaign, quarter, sums: row.sums() })
            })
            .collect()
    }

    /// Returns the most viewed and most sold products of every campaign in `range`, over the rows
    /// below `place`: at most a thousand of each campaign by each count.
    pub async fn products_below(
        &self,
        place: &LogFrontier,
        range: TimeRange,
    ) -> Result<Vec<RankedProduct>, WarehouseError> {
        let sql = include_str!("../queries/live_base_products.sql");
        let rows: Vec<ProductRow> = self.fetch(sql, |query| bind(query, place, range)).await?;
        rows.into_iter()
            .map(|ProductRow { campaign_id, product_id, is_sold, score }| {
                let campaign = campaign(&campaign_id)?;
                let sold = quantity(score);
                let rank = match is_sold {
                    true => Rank::Sold(sold),
                    false => Rank::Viewed(sold.thousandths() / 1000),
                };
                Ok(RankedProduct { campaign, product_id, rank })
            })
            .collect()
    }

    /// Returns the visitors of every campaign's hours in `range`, over the rows below `place`.
    pub async fn visitors_below(
        &self,
        place: &LogFrontier,
        range: TimeRange,
        slice: Slice,
    ) -> Result<Vec<SeenVisitor>, WarehouseError> {
        let sql = include_str!("../queries/live_base_visitors.sql");
        let of_slice = |query: Query| query.param("slice", slice.index).param("slices", slice.of);
        let rows: Vec<VisitorRow> =
            self.fetch(sql, |query| of_slice(bind(query, place, range))).await?;
        rows.into_iter()
            .map(|VisitorRow { campaign_id, hour, visitor_id }| {
                Ok(SeenVisitor { campaign: campaign(&campaign_id)?, hour: start(hour), visitor_id })
            })
            .collect()
    }
}

impl SumsRow {
    /// Returns the sums that are not zero, as in the live counters.
    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        let currency = self.currency.parse().ok();
        let live = Counter::ALL.into_iter().filter(|counter| counter.is_live());
        for (counter, count) in live.zip(&self.counts) {
            sums.add_count(counter, currency, *count);
        }
        sums.add_quantity(QuantitySum::UnitsSold, quantity(self.units_sold));
        let amounts = [(MoneySum::Spend, self.spend), (MoneySum::Sales, self.sales)];
        add_money(&mut sums, currency, amounts);
        sums
    }
}

fn bind(query: Query, place: &LogFrontier, range: TimeRange) -> Query {
    query
        .param("kgen", place.generation)
        .param("starts", &place.offsets)
        .param("from", seconds(range.from()))
        .param("to", seconds(range.to()))
}

fn campaign(id: &str) -> Result<CampaignId, WarehouseError> {
    id.parse().map_err(|error| WarehouseError::Refused(Box::new(error)))
}
