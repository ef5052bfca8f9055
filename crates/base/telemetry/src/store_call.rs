use std::{
    future::Future,
    sync::LazyLock,
    time::{Duration, Instant},
};

use crate::{
    Counter, Histogram, TraceSpan, in_span,
    series::{CounterSeries, HistogramSeries},
};

/// A kind of call to a store, as the metrics tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreCall {
    /// A statement of PostgreSQL, up to its first answer; for the first of a transaction also the wait
    /// for a connection.
    Postgres,
    /// A command or a script of Redis.
    Redis,
    /// A query of ClickHouse that inserts nothing.
    ClickhouseRead,
    /// An insert into ClickHouse.
    ClickhouseInsert,
    /// Reading an object of the archive, or its size.
    ArchiveRead,
    /// Writing an object of the archive.
    ArchiveWrite,
    /// Records that are sent to Kafka together, until all of them are acknowledged.
    KafkaPublish,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFailure {
    /// The store answered, and refused the call.
    Refused,
    /// The store gave no answer, gave it too late, or cannot serve at the moment.
    Unavailable,
}

/// The label of each call, in the order of [`StoreCall`].
pub(crate) const CALLS: &[&str] = &[
    "postgres",
    "redis",
    "clickhouse_read",
    "clickhouse_insert",
    "archive_read",
    "archive_write",
    "kafka_publish",
];

/// The label of each failure, in the order of [`StoreFailure`].
pub(crate) const REASONS: &[&str] = &["refused", "unavailable"];

/// The series of one kind of call, looked up once: a call of Redis takes less time than ten look-ups.
struct CallSeries {
    seconds: HistogramSeries,
    failures: [CounterSeries; 2],
}

impl StoreCall {
    /// Waits for the answer to a call, and records how long it took, within a recorded span also as a child of
    /// it. `failure` tells why an error is a failure of the store; `None` if it is an answer like any other. A
    /// call that is dropped is not recorded.
    ///
    /// # Errors
    /// As the call.
    pub async fn measure<T, E>(
        self,
        call: impl Future<Output = Result<T, E>>,
        failure: impl FnOnce(&E) -> Option<StoreFailure>,
    ) -> Result<T, E> {
        let began = Instant::now();
        let span = TraceSpan::of_call(self.label());
        let answer = in_span(span.clone(), call).await;
        let failure = answer.as_ref().err().and_then(failure);
        if let (Some(span), Some(_)) = (span, failure) {
            span.failed();
        }
        self.ended(began.elapsed(), failure);
        answer
    }

    fn label(self) -> &'static str {
        CALLS.get(self as usize).copied().unwrap_or_default()
    }

    /// Records a call that has ended.
    pub fn ended(self, took: Duration, failure: Option<StoreFailure>) {
        static SERIES: LazyLock<Vec<CallSeries>> =
            LazyLock::new(|| CALLS.iter().map(|call| CallSeries::new(call)).collect());
        let Some(series) = SERIES.get(self as usize) else { return };
        series.seconds.observe(took);
        let failures = failure.and_then(|failure| series.failures.get(failure as usize));
        if let Some(failures) = failures {
            failures.inc();
        }
    }
}

impl CallSeries {
    fn new(call: &str) -> Self {
        let failures = |reason: StoreFailure| match REASONS.get(reason as usize) {
            Some(reason) => Counter::StoreFailures.series(&[call, reason]),
            None => CounterSeries::new(None),
        };
        Self {
            seconds: Histogram::StoreCallSeconds.series(&[call]),
            failures: [failures(StoreFailure::Refused), failures(StoreFailure::Unavailable)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(call: &str) -> u64 {
        let text = crate::render();
        let name = format!(r#"footfall_store_call_seconds_count{{call="{call}"}} "#);
        let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
        line.parse().unwrap()
    }

    #[test]
    fn a_call_is_counted_under_its_own_label() {
        let took = Duration::from_millis(3);
        StoreCall::ArchiveRead.ended(took, None);
        StoreCall::KafkaPublish.ended(took, Some(StoreFailure::Unavailable));
        StoreCall::KafkaPublish.ended(took, Some(StoreFailure::Refused));
        assert_eq!((count("archive_read"), count("kafka_publish")), (1, 2));
        for (call, refused, unavailable) in [("archive_read", 0, 0), ("kafka_publish", 1, 1)] {
            let failures = |reason| Counter::StoreFailures.value(&[call, reason]);
            assert_eq!((failures("refused"), failures("unavailable")), (refused, unavailable));
        }
    }
}
