use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use metrics::{Buckets, Filter, Level, Sums, TimeRange};
use money::Currency;
use warehouse::{CellQuery, Keys};

use super::{cell_source::CellSource, reader::Series, request::QueryRequest, segments::Numbers};
use crate::failure::Failure;

/// The sales of the whole shop in a range: every segment has the same, also one without an event.
#[derive(Debug, Default)]
pub(super) struct TotalSales {
    whole: Sums,
    pub(super) buckets: BTreeMap<DateTime<Utc>, Sums>,
}

impl TotalSales {
    /// Reads them, if a metric needs them. No filter limits them, nor does a credential: one that may see
    /// only some campaigns is refused such metrics.
    pub(super) async fn read(
        source: &CellSource,
        request: &QueryRequest,
        home: Currency,
        (range, buckets): (TimeRange, Buckets),
    ) -> Result<Self, Failure> {
        let mut total = Self::default();
        if !request.needs_total_sales() {
            return Ok(total);
        }
        let everything = Filter::EVERYTHING;
        let query = CellQuery {
            range,
            buckets,
            zone: request.zone,
            home,
            level: Level::Event,
            counts: false,
            by: &[],
            filter: &everything,
            keys: Keys::All,
            advertisers: None,
        };
        for ((start, _), sums) in source.cells(&query).await? {
            let sales = sums.as_total_sales();
            total.whole.merge(&sales);
            total.buckets.insert(start, sales);
        }
        Ok(total)
    }

    /// Adds them to the numbers of the whole range.
    pub(super) fn add_to(&self, numbers: &mut Numbers) {
        numbers.sums.merge(&self.whole);
    }

    /// Adds them to the numbers of each bucket.
    pub(super) fn add_to_series(&self, series: &mut Series) {
        for (start, sales) in &self.buckets {
            series.entry(*start).or_default().sums.merge(sales);
        }
    }
}
