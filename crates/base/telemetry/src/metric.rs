use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts,
    core::{Collector, Metric, MetricVec, MetricVecBuilder},
};

/// Name, help text and labels of a metric.
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) labels: &'static [&'static str],
}

/// Upper bounds of the histograms, in seconds: half a millisecond to 30 s.
pub(crate) const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

impl Definition {
    pub(crate) fn counter(&self) -> Option<IntCounterVec> {
        registered(IntCounterVec::new(Opts::new(self.name, self.help), self.labels))
    }

    pub(crate) fn gauge(&self) -> Option<IntGaugeVec> {
        registered(IntGaugeVec::new(Opts::new(self.name, self.help), self.labels))
    }

    pub(crate) fn age(&self) -> Option<GaugeVec> {
        registered(GaugeVec::new(Opts::new(self.name, self.help), self.labels))
    }

    pub(crate) fn histogram(&self) -> Option<HistogramVec> {
        let options = HistogramOpts::new(self.name, self.help).buckets(SECONDS.to_vec());
        registered(HistogramVec::new(options, self.labels))
    }
}

/// Registers a metric; `None` for a wrong name, which a test in `names.rs` rules out.
fn registered<C: Collector + Clone + 'static>(metric: prometheus::Result<C>) -> Option<C> {
    let metric = metric.ok()?;
    prometheus::register(Box::new(metric.clone())).ok()?;
    Some(metric)
}

/// Returns the series with these labels; `None` and a warning if there are too many or too few.
pub(crate) fn series<B: MetricVecBuilder>(
    metric: Option<&MetricVec<B>>,
    name: &'static str,
    labels: &[&str],
) -> Option<B::M>
where
    B::M: Metric,
{
    let found = metric.and_then(|metric| metric.get_metric_with_label_values(labels).ok());
    if found.is_none() {
        tracing::warn!(metric = name, labels = labels.len(), "metric used with wrong labels");
    }
    found
}
