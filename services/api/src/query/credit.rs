//! The credit of a query that names an attribution: numbers beside those of its events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use metrics::{Dimension, EventTest, Level, Metric, Sums, TimeRange};
use money::Currency;
use problem::{Code, Problem};
use tenancy::CampaignId;
use warehouse::{Keys, TenantWarehouse};

use super::{
    parse::Time,
    reader::Series,
    request::{Column, QueryRequest},
};
use crate::failure::Failure;

/// The credit of each segment in each bucket of a period; nothing without an attribution.
#[derive(Debug, Default)]
pub(super) struct Credit(BTreeMap<Vec<String>, BTreeMap<DateTime<Utc>, Sums>>);

/// Refuses what credit is not defined for: it needs an attribution, and an attribution needs a metric of credit.
///
/// # Errors
/// The reason, and what would be possible.
pub(super) fn compatible(request: &QueryRequest) -> Result<(), Problem> {
    let credited = request.needed().find(|metric| metric.is_attributed());
    let (pointer, reason) = match (credited, request.attribution) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            let names = Metric::ATTRIBUTED.map(Metric::as_str).join(", ");
            let reason = format!(
                "gives credit, but no metric asks for it: all others count events as they declare themselves. \
                 Ask for some of {names}"
            );
            ("/attribution", reason)
        }
        (Some(metric), None) => {
            let reason = format!(
                "`{}` is credit, which a rule gives: name one as `attribution` of POST /v1/query, such as \
                 `standard`",
                metric.as_str()
            );
            (named_at(request, metric), reason)
        }
        (Some(metric), Some(_)) => {
            let mut used = request.used();
            let refused = used.find(|dimension| !metric.combines_with(dimension));
            let is_of_cohort =
                request.events.tests().into_iter().any(|test| test.membership().is_some());
            match refused {
                Some(dimension) => (named_at(request, metric), of_no_ad(metric, dimension)),
                None if is_of_cohort => {
                    let reason = "may not test a cohort: credit is given for all that a visitor has seen \
                                  and bought. Test dimensions of ads, or ask without `attribution`";
                    ("/filters", reason.to_owned())
                }
                None => return Ok(()),
            }
        }
    };
    Err(Problem::new(Code::Incompatible, "The attribution does not fit the query.")
        .with_error(pointer, reason))
}

/// Returns where a query names a metric.
fn named_at(request: &QueryRequest, metric: Metric) -> &'static str {
    if request.metrics.contains(&metric) {
        "/metrics"
    } else if request.top.is_some_and(|top| top.by == metric) {
        "/top/by"
    } else if request.order.iter().any(|(column, _)| *column == Column::Metric(metric)) {
        "/order"
    } else {
        "/filters"
    }
}

/// Returns why a metric of credit is not defined by a dimension, and which one to use.
fn of_no_ad(metric: Metric, dimension: &Dimension) -> String {
    let of_ads = "Use dimensions of ads, such as campaign, ad, placement or device";
    let (why, instead) = match (dimension, dimension.level()) {
        (Dimension::Advertiser, _) => {
            ("campaigns have advertisers, and credit is given to ads", "Divide by `campaign`")
        }
        (_, Level::Product) => ("an ad has its credit as a whole", of_ads),
        (_, Level::Event) => ("ads do not have it", of_ads),
    };
    let (metric, dimension) = (metric.as_str(), dimension.as_str());
    format!("`{metric}` is not defined by `{dimension}`: {why}. {instead}")
}

impl Credit {
    /// Reads the credit of a query in a range, of the ads that its filter selects and of the campaigns that the
    /// credential may see. `home` is the tenant's currency.
    ///
    /// # Errors
    /// There are too many cells, a key has too many ads and orders, the query is too expensive, or the cluster is
    /// unavailable.
    pub(super) async fn read(
        warehouse: &TenantWarehouse,
        query: &QueryRequest,
        campaigns: Option<&[CampaignId]>,
        home: Currency,
        range: TimeRange,
    ) -> Result<Self, Failure> {
        let mut credit = Self::default();
        let Some(attribution) = query.attribution else {
            return Ok(credit);
        };
        // The filter tests more than the query divides by.
        let mut by = query.dimensions.clone();
        let tested = query.events.tests().into_iter().filter_map(EventTest::dimension);
        tested.for_each(|dimension| {
            if !by.contains(dimension) {
                by.push(dimension.clone());
            }
        });
        if by.is_empty() {
            by.push(Dimension::Campaign);
        }
        let named_by = |keys: &[String]| {
            let is_selected = query.events.holds(&|test| is_passed(test, &by, keys));
            is_selected.then_some(query.dimensions.len())
        };
        let each = |keys: &[String], start: DateTime<Utc>, sums: Sums| {
            let buckets = credit.0.entry(keys.to_vec()).or_default();
            buckets.entry(start).or_default().merge(&sums);
        };
        let time = Time { range, ..query.time() };
        let by = (time, by.as_slice());
        attribution.credit((warehouse, home), campaigns, by, named_by, each).await?;
        Ok(credit)
    }

    /// Adds it to what was read of the same keys: to segments, or to all of them together if `by` is empty; to
    /// the bucket that is the whole range, or to each.
    pub(super) fn add_to(
        &self,
        read: &mut BTreeMap<Vec<String>, Series>,
        whole: Option<DateTime<Utc>>,
        by: &[Dimension],
        keys: Keys<'_>,
    ) {
        let (named, are_selected) = match keys {
            Keys::All => (BTreeSet::new(), false),
            Keys::Only(_, named) => (named.iter().collect(), true),
            Keys::Except(_, named) => (named.iter().collect(), false),
        };
        let selected = self.0.iter().filter(|(keys, _)| named.contains(keys) == are_selected);
        for (keys, buckets) in selected {
            let segment = if by.is_empty() { Vec::new() } else { keys.clone() };
            let series = read.entry(segment).or_default();
            for (start, sums) in buckets {
                series.entry(whole.unwrap_or(*start)).or_default().sums.merge(sums);
            }
        }
    }
}

/// Returns whether an ad with these values of the dimensions passes a test.
fn is_passed(test: &EventTest, by: &[Dimension], keys: &[String]) -> bool {
    let EventTest::Dimension(test) = test else {
        return false;
    };
    let mut named = by.iter().zip(keys);
    let key = named.find(|(dimension, _)| **dimension == test.dimension);
    key.is_some_and(|(_, key)| test.test.holds(key))
}
