//! What live counters lack when they are built anew.

use chrono::{DateTime, Utc};
use clickhouse::{Row, query::Query};
use metrics::{Counter, QuantitySum, QuarterHour, Sums, TimeRange};
use money::Quantity;
use serde::Deserialize;
use tenancy::CampaignId;

use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{add_money, quantity, seconds, start},
};

/// A place in every partition of the log: rows lie below it when they stand before it, or in an
/// earlier log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFrontier {
    /// The generation of the log.
    pub kgen: u16,
    /// The first offset that is no longer below, from partition 0 on.
    pub offsets: Vec<u64>,
}

/// The sums of a campaign's quarter hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarterSums {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour.
    pub quarter: QuarterHour,
    /// Its sums, of events in one currency: another one makes another of these.
    pub sums: Sums,
}

/// A product of a campaign that was among the thousand most viewed or most sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedProduct {
    /// The campaign.
    pub campaign: CampaignId,
    /// The retailer's id of the product.
    pub product_id: String,
    /// By which count, and how high.
    pub rank: Rank,
}

/// What products are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// How often its page was shown.
    Viewed(u64),
    /// How many units were sold.
    Sold(Quantity),
}

/// Who was seen in a campaign's hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenVisitor {
    /// The campaign.
    pub campaign: CampaignId,
    /// The hour's start.
    pub hour: DateTime<Utc>,
    /// The visitor.
    pub visitor_id: String,
}

/// One of several equal parts of all visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which, from 0 on.
    pub index: u32,
    /// Of how many, at least 1.
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
    /// The sums of every campaign's quarter hours in `range`, over the rows below `place`.
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

    /// The products of every campaign that were viewed or sold most in `range`, over the rows below
    /// `place`: at most a thousand of a campaign by each count.
    pub async fn products_below(
        &self,
        place: &LogFrontier,
        range: TimeRange,
    ) -> Result<Vec<RankedProduct>, WarehouseError> {
        let sql = include_str!("../queries/live_base_products.sql");
        let rows: Vec<ProductRow> = self.fetch(sql, |query| bind(query, place, range)).await?;
        rows.into_iter()
            .map(|ProductRow { campaign_id, product_id, is_sold, score }| {
                let (campaign, sold) = (campaign(&campaign_id)?, quantity(score));
                let rank = match is_sold {
                    true => Rank::Sold(sold),
                    false => Rank::Viewed(sold.thousandths() / 1000),
                };
                Ok(RankedProduct { campaign, product_id, rank })
            })
            .collect()
    }

    /// Who was seen in every campaign's hours in `range`, over the rows below `place`.
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
    /// What is not zero, as the live counters have it.
    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        let currency = self.currency.parse().ok();
        for (counter, count) in Counter::ALL.into_iter().zip(&self.counts) {
            sums.add_count(counter, currency, *count);
        }
        sums.add_quantity(QuantitySum::UnitsSold, quantity(self.units_sold));
        add_money(&mut sums, currency, self.spend, self.sales);
        sums
    }
}

fn bind(query: Query, place: &LogFrontier, range: TimeRange) -> Query {
    query
        .param("kgen", place.kgen)
        .param("starts", &place.offsets)
        .param("from", seconds(range.from()))
        .param("to", seconds(range.to()))
}

fn campaign(id: &str) -> Result<CampaignId, WarehouseError> {
    id.parse().map_err(|error| WarehouseError::Refused(Box::new(error)))
}
