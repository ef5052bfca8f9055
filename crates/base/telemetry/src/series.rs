use std::time::Duration;

use prometheus::IntCounter;

/// One series of a counter, looked up once. Clones share it.
#[derive(Clone, Debug)]
pub struct CounterSeries(Option<IntCounter>);

/// One series of a histogram, looked up once.
#[derive(Clone, Debug)]
pub(crate) struct HistogramSeries(Option<prometheus::Histogram>);

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

impl HistogramSeries {
    /// Wraps a series; `None` records nothing.
    pub(crate) fn new(series: Option<prometheus::Histogram>) -> Self {
        Self(series)
    }

    /// Records how long it took.
    pub(crate) fn observe(&self, took: Duration) {
        if let Some(series) = &self.0 {
            series.observe(took.as_secs_f64());
        }
    }
}
