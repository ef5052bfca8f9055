//! Where the numbers of a query come from: of finished ranges from Redis, if they are kept there, and all
//! others from ClickHouse.

mod kept_form;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use aggregates::{AggregatesError, Fingerprint, TenantAggregates};
use chrono::{DateTime, Utc};
use control_plane::DataState;
use metrics::{Distinct, EventTest, Filter, Sums, TimeRange, is_finished};
use telemetry::Counter;
use tenancy::TenantContext;
use warehouse::{Cell, CellQuery, DistinctCells, TenantWarehouse, WarehouseError};

use self::kept_form::KeptForm;
use super::Queries;
use crate::{failure::Failure, reports::Reads};

/// The numbers of one query.
pub(super) struct CellSource {
    pub(super) warehouse: TenantWarehouse,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(super) as_of: Option<DateTime<Utc>>,
    kept: TenantAggregates,
    /// Read before all numbers; `None`: none are kept.
    state: Option<DataState>,
    hits: AtomicU32,
    misses: AtomicU32,
    /// Whether Redis did not answer: the query does not wait for it again.
    is_unavailable: AtomicBool,
}

impl Queries {
    /// Returns the source of a query about these ranges.
    ///
    /// # Errors
    /// The tenant's cluster is unavailable.
    pub(super) async fn source(
        &self,
        tenant: &TenantContext,
        reads: Reads,
        ranges: &[TimeRange],
    ) -> Result<CellSource, Failure> {
        let rows = self.warehouse.for_tenant(tenant).in_one_slot();
        let from = ranges.iter().map(|range| range.from()).min().unwrap_or_default();
        let kept = self.sources.kept_days(tenant, &rows, reads, from).await?;
        let mut as_of = self.sources.stored_as_of().await;
        let mut state = None;
        if as_of.is_some_and(|as_of| ranges.iter().any(|range| is_finished(*range, as_of))) {
            state = self.sources.data_state(tenant).await;
            as_of = state.map_or(as_of, |state| Some(state.as_of));
        }
        Ok(CellSource {
            warehouse: rows.with_kept_days(kept),
            as_of,
            kept: self.aggregates.for_tenant(tenant),
            state,
            hits: AtomicU32::new(0),
            misses: AtomicU32::new(0),
            is_unavailable: AtomicBool::new(false),
        })
    }
}

impl CellSource {
    /// Returns the sums of each cell; cells without events are absent.
    pub(super) async fn cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let fingerprint = || self.warehouse.fingerprint_of_cells(query);
        self.read(query, fingerprint, async || self.warehouse.cells(query).await).await
    }

    /// Returns what was refunded in each cell; cells without refunds are absent.
    pub(super) async fn refunded_cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let fingerprint = || self.warehouse.fingerprint_of_refunds(query);
        let read = async || self.warehouse.refunded_cells(query).await;
        self.read(query, fingerprint, read).await
    }

    /// Returns the orders of each cell that are new to a brand; cells without them are absent.
    pub(super) async fn new_to_brand_cells(
        &self,
        query: &CellQuery<'_>,
    ) -> Result<BTreeMap<Cell, Sums>, WarehouseError> {
        let fingerprint = || self.warehouse.fingerprint_of_new_to_brand(query);
        let read = async || self.warehouse.new_to_brand_cells(query).await;
        self.read(query, fingerprint, read).await
    }

    /// Counts the distinct values of each cell.
    pub(super) async fn distinct_cells(
        &self,
        query: &CellQuery<'_>,
        wanted: &BTreeSet<Distinct>,
    ) -> Result<DistinctCells, WarehouseError> {
        let fingerprint = || self.warehouse.fingerprint_of_distincts(query, wanted);
        let read = async || self.warehouse.distinct_cells(query, wanted).await;
        self.read(query, fingerprint, read).await
    }

    /// Returns whether Redis had kept all numbers, for `Server-Timing`.
    pub(super) fn cache(&self) -> &'static str {
        let [hits, misses] = [&self.hits, &self.misses].map(|count| count.load(Ordering::Relaxed));
        if hits > 0 && misses == 0 { "l2" } else { "miss" }
    }

    /// Returns the version of the data of a query about these ranges, if everything that it reads is finished.
    pub(super) fn data_version(
        &self,
        filter: &Filter<EventTest>,
        ranges: impl IntoIterator<Item = TimeRange>,
    ) -> Option<u64> {
        let state = self.state?;
        are_finished(filter, ranges, state.as_of).then_some(state.version)
    }

    async fn read<T: KeptForm>(
        &self,
        query: &CellQuery<'_>,
        fingerprint: impl FnOnce() -> Fingerprint,
        read: impl AsyncFnOnce() -> Result<T, WarehouseError>,
    ) -> Result<T, WarehouseError> {
        let finished = self.state.filter(|state| is_settled(query, state.as_of));
        let Some(DataState { version, .. }) = finished else {
            self.misses.fetch_add(1, Ordering::Relaxed);
            return read().await;
        };
        let fingerprint = fingerprint();
        if let Some(kept) = self.kept(version, &fingerprint).await {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(kept);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let value = read().await?;
        self.keep(version, &fingerprint, &value).await;
        Ok(value)
    }

    /// Returns what Redis has kept; nothing while it is unavailable, since ClickHouse has it, too.
    async fn kept<T: KeptForm>(&self, version: u64, fingerprint: &Fingerprint) -> Option<T> {
        if self.is_unavailable.load(Ordering::Relaxed) {
            return None;
        }
        let kept = match self.kept.kept_read(version, fingerprint).await {
            Ok(kept) => kept.and_then(|bytes| T::decode(&bytes)),
            Err(error) => {
                self.unavailable(&error);
                return None;
            }
        };
        let outcome = if kept.is_some() { "hit" } else { "miss" };
        Counter::FinishedReads.inc(&[outcome]);
        kept
    }

    /// Keeps what was read after the version was.
    async fn keep(&self, version: u64, fingerprint: &Fingerprint, value: &impl KeptForm) {
        if self.is_unavailable.load(Ordering::Relaxed) {
            return;
        }
        if let Some(bytes) = value.encode()
            && let Err(error) = self.kept.keep_read(version, fingerprint, &bytes).await
        {
            self.unavailable(&error);
        }
    }

    fn unavailable(&self, error: &AggregatesError) {
        Counter::FinishedReads.inc(&["unavailable"]);
        if !self.is_unavailable.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "redis is unavailable, reading the warehouse");
        }
    }
}

/// Returns whether everything that a query reads is finished.
fn is_settled(query: &CellQuery<'_>, as_of: DateTime<Utc>) -> bool {
    are_finished(query.filter, [query.range], as_of)
}

/// Returns whether these ranges are finished, and the times in which the members of a filter's cohorts did what
/// makes them members.
fn are_finished(
    filter: &Filter<EventTest>,
    ranges: impl IntoIterator<Item = TimeRange>,
    as_of: DateTime<Utc>,
) -> bool {
    let cohorts = filter.tests().into_iter().filter_map(EventTest::membership);
    let mut ranges = cohorts.map(|cohort| cohort.time).chain(ranges);
    ranges.all(|range| is_finished(range, as_of))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono_tz::UTC;
    use metrics::{Granularity, Level, MemberKey, Membership};
    use uuid::Uuid;
    use warehouse::Keys;

    use super::*;

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_read_by_a_cohort_is_settled_once_the_time_of_the_cohort_is_finished_too() {
        let february = range("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        let member_of = |time| {
            Filter::Test(EventTest::Member(Arc::new(Membership {
                cohort: Uuid::nil(),
                by: MemberKey::Visitor,
                did: Filter::EVERYTHING,
                at_least: 1,
                time,
                zone: UTC,
            })))
        };
        let until_today = member_of(range("2026-02-09T00:00:00Z", "2026-03-11T00:00:00Z"));
        let within = member_of(range("2026-02-09T00:00:00Z", "2026-02-10T00:00:00Z"));
        let nobody_else = Filter::Not(Box::new(Filter::Any(vec![until_today.clone()])));
        let as_of = "2026-03-10T12:00:00Z".parse().unwrap();
        for (filter, settled) in
            [(Filter::EVERYTHING, true), (within, true), (until_today, false), (nobody_else, false)]
        {
            let query = CellQuery {
                range: february,
                buckets: Granularity::Total.buckets(february, UTC),
                zone: UTC,
                home: "EUR".parse().unwrap(),
                level: Level::Event,
                counts: true,
                by: &[],
                filter: &filter,
                keys: Keys::All,
                advertisers: None,
            };
            assert_eq!(is_settled(&query, as_of), settled, "{filter:?}");
            assert!(!is_settled(&query, february.to()));
        }
    }
}
