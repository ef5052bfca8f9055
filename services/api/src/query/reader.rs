use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{Dimension, Granularity, Metric, Sums, TimeRange};
use money::Currency;
use tenancy::{CampaignId, Isolation, TenantContext};
use warehouse::{Advertisers, Cell, CellQuery, Explanation, Keys, WarehouseError};

use super::{
    cell_source::CellSource, credit::Credit, request::QueryRequest, segments::Numbers,
    total_sales::TotalSales,
};
use crate::failure::Failure;

/// The numbers of a set of events over time.
pub(super) type Series = BTreeMap<DateTime<Utc>, Numbers>;

/// What to read: a query, in one of its two periods.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) source: &'a CellSource,
    pub(super) request: &'a QueryRequest,
    pub(super) advertisers: Option<&'a Advertisers>,
    pub(super) own: Currency,
    pub(super) range: TimeRange,
    pub(super) total_sales: &'a TotalSales,
    pub(super) credit: &'a Credit,
}

impl Reader<'_> {
    pub(super) fn query<'a>(
        &'a self,
        granularity: Granularity,
        by: &'a [Dimension],
        keys: Keys<'a>,
    ) -> CellQuery<'a> {
        let QueryRequest { zone, level, ref events, .. } = *self.request;
        CellQuery {
            range: self.range,
            buckets: granularity.buckets(self.range, zone),
            zone,
            home: self.own,
            level,
            counts: self.request.needed().any(Metric::counts_events),
            by,
            filter: events,
            keys,
            advertisers: self.advertisers,
        }
    }

    /// Returns the series of a range of one bucket.
    pub(super) fn single(&self, numbers: &Numbers) -> Series {
        Series::from([(self.range.from(), numbers.clone())])
    }

    /// Returns the numbers of the whole range.
    pub(super) async fn totals(
        &self,
        by: &[Dimension],
        keys: Keys<'_>,
    ) -> Result<BTreeMap<Vec<String>, Numbers>, Failure> {
        let series = self.read(Granularity::Total, by, keys).await?;
        let total = |series: Series| series.into_values().next().unwrap_or_default();
        Ok(series.into_iter().map(|(keys, series)| (keys, total(series))).collect())
    }

    /// Returns the numbers of each bucket.
    pub(super) async fn series(
        &self,
        by: &[Dimension],
        keys: Keys<'_>,
    ) -> Result<BTreeMap<Vec<String>, Series>, Failure> {
        self.read(self.request.granularity, by, keys).await
    }

    async fn read(
        &self,
        granularity: Granularity,
        by: &[Dimension],
        keys: Keys<'_>,
    ) -> Result<BTreeMap<Vec<String>, Series>, Failure> {
        let query = self.query(granularity, by, keys);
        let distincts = async {
            let distincts = self.request.distincts();
            match distincts.is_empty() {
                true => Ok(Default::default()),
                false => self.source.distinct_cells(&query, &distincts).await,
            }
        };
        let (cells, apart, distincts) =
            tokio::try_join!(self.source.cells(&query), self.apart(&query), distincts)?;
        let mut read = BTreeMap::<Vec<String>, Series>::new();
        for ((start, keys), sums) in cells.into_iter().chain(apart) {
            read.entry(keys).or_default().entry(start).or_default().sums.merge(&sums);
        }
        for ((start, keys), distincts) in distincts.buckets {
            read.entry(keys).or_default().entry(start).or_default().distincts = distincts;
        }
        let whole = (granularity == Granularity::Total).then(|| self.range.from());
        self.credit.add_to(&mut read, whole, by, keys);
        Ok(read)
    }

    /// Returns the sums that are read on their own, if a metric needs them: what was refunded, and orders
    /// that are new to a brand.
    pub(super) async fn apart(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<Vec<(Cell, Sums)>, WarehouseError> {
        let refunded = async {
            match self.request.needs_refunds() {
                true => self.source.refunded_cells(query).await,
                false => Ok(BTreeMap::new()),
            }
        };
        let new_to_brand = async {
            match self.request.needs_new_to_brand() {
                true => self.source.new_to_brand_cells(query).await,
                false => Ok(BTreeMap::new()),
            }
        };
        let (refunded, new_to_brand) = tokio::try_join!(refunded, new_to_brand)?;
        Ok(refunded.into_iter().chain(new_to_brand).collect())
    }

    /// Returns how the query is read. The estimated number of rows is that of parts of the table, which
    /// may hold rows of other tenants and campaigns: then it is left out.
    pub(super) async fn explain(
        &self,
        tenant: &TenantContext,
        campaigns: Option<&[CampaignId]>,
    ) -> Result<Explanation, Failure> {
        let query = self.query(self.request.granularity, &self.request.dimensions, Keys::All);
        let mut explanation = self.source.warehouse.explain(&query).await?;
        if campaigns.is_some() || tenant.placement().isolation == Isolation::Shared {
            explanation.rows = None;
        }
        Ok(explanation)
    }
}
