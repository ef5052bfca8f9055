use std::{sync::LazyLock, time::Duration};

use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

use crate::metric::{Definition, series};

/// One enum of metrics: `Variant = "name", [labels];`, with the help text as its doc comment.
macro_rules! metrics {
    (
        $(#[$doc:meta])* $kind:ident by $make:ident as $vec:ident;
        $(#[doc = $help:literal] $variant:ident = $name:literal, [$($label:literal),*];)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kind { $(#[doc = $help] $variant,)* }

        impl $kind {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in Prometheus.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn metric(self) -> Option<&'static $vec> {
                static METRICS: LazyLock<Vec<Option<$vec>>> = LazyLock::new(|| vec![
                    $(Definition { name: $name, help: $help.trim_ascii(), labels: &[$($label),*] }.$make(),)*
                ]);
                METRICS.get(self as usize).and_then(Option::as_ref)
            }
        }
    };
}

metrics! {
    /// What only goes up.
    Counter by counter as IntCounterVec;

    /// Requests answered.
    RequestsServed = "footfall_requests_total", ["service", "route", "status"];
    /// Events that came in, by what became of them.
    EventsReceived = "footfall_events_received_total", ["outcome"];
    /// Re-sent events that were dropped.
    ResendsDropped = "footfall_resends_dropped_total", ["sink"];
    /// Records of the log that could not be read and were set aside.
    PoisonRecords = "footfall_poison_records_total", ["sink"];
    /// Records of the log taken to their end.
    RecordsProcessed = "footfall_records_processed_total", ["sink"];
    /// Batches, by what it took: clean, doubtful, repaired…
    Batches = "footfall_batches_total", ["sink", "outcome"];
    /// Answers by the place they came from.
    MetricsAnswered = "footfall_metrics_answered_total", ["source"];
    /// What an audit found wrong and put right: rows missing, rows doubled, objects missing.
    AuditRepairs = "footfall_audit_repairs_total", ["kind"];
    /// Live counters built anew from ClickHouse.
    Rebuilds = "footfall_live_rebuilds_total", [];
    /// Rejected events kept for their tenant.
    RejectsKept = "footfall_rejects_kept_total", [];
    /// Events that went to the spool because Kafka did not take them in time.
    EventsSpooled = "footfall_events_spooled_total", [];
    /// Attempts to log in, by outcome.
    Logins = "footfall_logins_total", ["outcome"];
}

metrics! {
    /// What goes up and down.
    Gauge by gauge as IntGaugeVec;

    /// Bytes of request bodies held at this moment.
    BytesInFlight = "footfall_bytes_in_flight", [];
    /// Partitions of the log that this process owns.
    PartitionsOwned = "footfall_partitions_owned", ["sink"];
    /// Records of the log that the sink has not taken to their end, over the partitions owned.
    LagRecords = "footfall_lag_records", ["sink"];
    /// How long the oldest record that the sink has not taken to its end has been in the log, in milliseconds.
    OldestUnacknowledged = "footfall_oldest_unacknowledged_milliseconds", ["sink"];
    /// Partitions whose work stands still until an operator helps.
    PartitionsHalted = "footfall_partitions_halted", ["sink"];
    /// Event ids remembered to recognise re-sends, in memory and on disk.
    EventIdsRemembered = "footfall_event_ids_remembered", ["sink", "place"];
    /// Bytes in the spool that Kafka has not taken yet.
    SpoolBytes = "footfall_spool_bytes", [];
    /// How long the oldest event in the spool has waited, in milliseconds.
    SpoolOldest = "footfall_spool_oldest_milliseconds", [];
    /// Live streams open at this moment.
    LiveStreams = "footfall_live_streams", [];
}

metrics! {
    /// How long things take, in seconds.
    Histogram by histogram as HistogramVec;

    /// From the request's first byte to the answer.
    RequestSeconds = "footfall_request_seconds", ["service", "route"];
    /// One batch, from its first record to its mark.
    BatchSeconds = "footfall_batch_seconds", ["sink"];
    /// From the collector's receipt of an event to its sink.
    DeliverySeconds = "footfall_delivery_seconds", ["sink"];
}

impl Counter {
    /// One more.
    pub fn inc(self, labels: &[&str]) {
        self.add(labels, 1);
    }

    /// `count` more.
    pub fn add(self, labels: &[&str], count: u64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.inc_by(count);
        }
    }

    /// How many so far; 0 before the first.
    pub fn value(self, labels: &[&str]) -> u64 {
        series(self.metric(), self.name(), labels).map_or(0, |series| series.get())
    }
}

impl Gauge {
    /// It is this now.
    pub fn set(self, labels: &[&str], value: i64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.set(value);
        }
    }

    /// It changed by this.
    pub fn add(self, labels: &[&str], change: i64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.add(change);
        }
    }

    /// What it is now; 0 before the first.
    pub fn value(self, labels: &[&str]) -> i64 {
        series(self.metric(), self.name(), labels).map_or(0, |series| series.get())
    }
}

impl Histogram {
    /// It took this long.
    pub fn observe(self, labels: &[&str], took: Duration) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.observe(took.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_registered_once() {
        for counter in Counter::ALL {
            assert!(counter.metric().is_some(), "{counter:?}");
            assert!(counter.name().starts_with("footfall_") && counter.name().ends_with("_total"));
        }
        for gauge in Gauge::ALL {
            assert!(gauge.metric().is_some(), "{gauge:?}");
        }
        for histogram in Histogram::ALL {
            assert!(histogram.metric().is_some(), "{histogram:?}");
            assert!(histogram.name().ends_with("_seconds"));
        }
    }

    #[test]
    fn what_is_counted_is_rendered_with_its_help() {
        Counter::Logins.inc(&["refused"]);
        Counter::Logins.inc(&["refused"]);
        Histogram::BatchSeconds.observe(&["store"], Duration::from_millis(3));
        let text = crate::render();
        assert!(text.contains("# HELP footfall_logins_total Attempts to log in, by outcome."));
        assert!(text.contains(r#"footfall_logins_total{outcome="refused"} 2"#), "{text}");
        assert!(text.contains(r#"footfall_batch_seconds_bucket{sink="store",le="0.005"} 1"#));
    }

    #[test]
    fn wrong_labels_count_nothing() {
        Counter::RequestsServed.inc(&["too few"]);
        assert_eq!(Counter::RequestsServed.value(&["too few"]), 0);
    }
}
