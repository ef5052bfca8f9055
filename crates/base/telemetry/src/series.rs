use std::time::Duration;

use prometheus::IntCounter;

use crate::{Counter, exemplars::Buckets};

/// One series of a counter, looked up once. Clones share it.
#[derive(Clone, Debug)]
pub struct CounterSeries(Option<IntCounter>);

/// The look-ups of one cache, and those that it could not answer. Clones share them.
#[derive(Clone, Debug)]
pub struct CacheSeries {
    lookups: CounterSeries,
    misses: CounterSeries,
}

/// One series of a histogram, looked up once, with the names of its buckets.
#[derive(Clone, Debug)]
pub(crate) struct HistogramSeries(Option<(prometheus::Histogram, Buckets)>);

impl CounterSeries {
    /// Wraps a series; `None` counts nothing.
    pub(crate) fn new(series: Option<IntCounter>) -> Self {
        Self(series)
    }

    /// Adds one.
    pub fn inc(&self) {
        if let Some(series) = &self.0 {
            series.inc();
        }
    }
}

impl CacheSeries {
    /// Returns the series of a cache, by its name in the metrics.
    pub fn of(cache: &str) -> Self {
        Self {
            lookups: Counter::CacheLookups.series(&[cache]),
            misses: Counter::CacheMisses.series(&[cache]),
        }
    }

    /// Counts a look-up.
    pub fn looked_up(&self) {
        self.lookups.inc();
    }

    /// Counts a look-up, counted before, that the cache could not answer.
    pub fn missed(&self) {
        self.misses.inc();
    }
}

impl HistogramSeries {
    /// Wraps a series; `None` records nothing.
    pub(crate) fn new(series: Option<prometheus::Histogram>, buckets: Buckets) -> Self {
        Self(series.map(|series| (series, buckets)))
    }

    /// Records how long it took; within a recorded span also its trace, as an exemplar.
    pub(crate) fn observe(&self, took: Duration) {
        if let Some((series, buckets)) = &self.0 {
            series.observe(took.as_secs_f64());
            buckets.observe(took);
        }
    }
}
