//! What live counters lack when they are built anew.

use chrono::{DateTime, Utc};
use clickhouse::{Row, query::Query};
use metrics::{Counter, MoneySum, QuarterHour, Sums, TimeRange};
use serde::Deserialize;
use tenancy::CampaignId;

use crate::{
    TenantWarehouse, WarehouseError,
    campaign::{amount, seconds, start},
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
    /// Its sums, in one currency: another one makes another of these.
    pub sums: Sums,
}

/// A product of a campaign that was among the thousand most viewed or most sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedProduct {
    /// The campaign.
    pub campaign: CampaignId,
    /// The retailer's id of the product.
    pub product_id: String,
    /// Whether it was sold that often; else viewed.
    pub is_sold: bool,
    /// How often.
    pub count: u64,
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
    spend: i128,
    sales: i128,
}

#[derive(Row, Deserialize)]
struct ProductRow {
    campaign_id: String,
    product_id: String,
    is_sold: bool,
    pieces: u64,
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
            .map(|ProductRow { campaign_id, product_id, is_sold, pieces }| {
                let campaign = campaign(&campaign_id)?;
                Ok(RankedProduct { campaign, product_id, is_sold, count: pieces })
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
    /// What is not zero, as the live counters have it: they know a currency by its money.
    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for (counter, count) in Counter::ALL.into_iter().zip(&self.counts) {
            sums.add_count(counter, *count);
        }
        let Ok(currency) = self.currency.parse() else {
            return sums;
        };
        for (sum, micros) in [(MoneySum::Spend, self.spend), (MoneySum::Sales, self.sales)] {
            if micros != 0 {
                sums.add_money(sum, currency, amount(micros));
            }
        }
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
