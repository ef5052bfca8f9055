use std::{sync::LazyLock, time::Duration};

use prometheus::{GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec};

use crate::{
    exemplars::Buckets,
    metric::{Definition, series},
    series::{CounterSeries, HistogramSeries},
    store_call::{CALLS, REASONS},
    traces::DROPS,
};

/// The consumer groups of the processor.
const SINKS: &[&str] = &["store", "live", "archive", "rejects"];

/// The outcomes of an event in a request.
const EVENT_OUTCOMES: &[&str] = &["accepted", "parked", "duplicate_in_batch", "rejected", "retry"];

/// The outcomes of a batch; only the store sink has more than the first.
const BATCH_OUTCOMES: &[&str] = &["clean", "repeated", "in_doubt", "repaired", "doubled"];

/// What waits for a place in ClickHouse.
const QUERIES: &[&str] = &["report", "export"];

/// What is looked up in memory before PostgreSQL is asked.
const CACHES: &[&str] = &["credentials", "keys", "users", "tenants", "origins"];

/// The reconciliations, by how far they look back.
const CHECKS: &[&str] = &["near", "wide", "far"];

/// What the processors do for tenants in steps.
const WORK: &[&str] = &["person_erasure", "move"];

/// What a backup copies.
const COPIED_STORES: &[&str] = &["postgres", "clickhouse", "archive"];

/// Values that only a running service knows: [`Requests`](crate::Requests).
const BY_SERVICE: &[&str] = &[];

/// Defines an enum of metrics: `Variant = "name", [label: values];`, the help is its doc comment.
macro_rules! metrics {
    (
        $(#[$doc:meta])* $kind:ident by $make:ident as $vec:ident;
        $(#[doc = $help:literal] $variant:ident = $name:literal, [$($label:literal: $values:expr),*];)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kind { $(#[doc = $help] $variant,)* }

        impl $kind {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name in Prometheus.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns each label with all its possible values.
            pub(crate) const fn labels(self) -> &'static [(&'static str, &'static [&'static str])] {
                match self { $(Self::$variant => &[$(($label, $values)),*],)* }
            }

            fn metric(self) -> Option<&'static $vec> {
                static METRICS: LazyLock<Vec<Option<$vec>>> = LazyLock::new(|| vec![
                    $(Definition { name: $name, help: $help.trim_ascii(), labels: &[$($label),*] }.$make(),)*
                ]);
                METRICS.get(self as usize).and_then(Option::as_ref)
            }

            /// Creates every series whose labels are known, with the value 0 (alerts need them).
            pub(crate) fn register() {
                for metric in Self::ALL {
                    for labels in combinations(metric.labels()) {
                        metric.touch(&labels);
                    }
                }
            }

            /// Creates the series with these labels.
            pub(crate) fn touch(self, labels: &[&str]) {
                series(self.metric(), self.name(), labels);
            }
        }
    };
}

metrics! {
    /// A number that only increases.
    Counter by counter as IntCounterVec;

    /// Requests answered; `status` is the class, such as 2xx.
    RequestsServed = "footfall_requests_total", ["service": BY_SERVICE, "route": BY_SERVICE, "method": BY_SERVICE, "status": BY_SERVICE];
    /// Events received, by outcome.
    EventsReceived = "footfall_events_received_total", ["outcome": EVENT_OUTCOMES];
    /// Re-sent events that were dropped.
    ResendsDropped = "footfall_resends_dropped_total", ["sink": SINKS];
    /// Poison records: records of the log that could not be read and were set aside.
    PoisonRecords = "footfall_poison_records_total", ["sink": SINKS];
    /// Records of the log that were fully processed.
    RecordsProcessed = "footfall_records_processed_total", ["sink": SINKS];
    /// Batches, by outcome: clean, in doubt, repaired…
    Batches = "footfall_batches_total", ["sink": SINKS, "outcome": BATCH_OUTCOMES];
    /// Answers to metric queries, by source.
    MetricsAnswered = "footfall_metrics_answered_total", ["source": &["cache", "redis", "clickhouse"]];
    /// Answers to queries: from memory (l1), from reads that Redis kept (l2), or read from ClickHouse (miss).
    QueriesAnswered = "footfall_queries_answered_total", ["cache": &["l1", "l2", "miss"]];
    /// Reads about finished ranges, by what Redis had kept of them.
    FinishedReads = "footfall_finished_reads_total", ["outcome": &["hit", "miss", "unavailable"]];
    /// Repairs by the reconciler: rows missing, rows doubled, objects missing.
    ReconcileRepairs = "footfall_reconcile_repairs_total", ["kind": &["missing", "doubled", "archive"]];
    /// Rebuilds of live counters from ClickHouse.
    Rebuilds = "footfall_live_rebuilds_total", [];
    /// Campaigns and products that a batch named and that could not be listed in time.
    NamesNotListed = "footfall_names_not_listed_total", [];
    /// Names in events that were over their tenant's limit and count for `other`.
    NamesReplaced = "footfall_names_replaced_total", ["kind": &["campaign", "product"]];
    /// Rejected events that were over their tenant's limit and are not stored.
    RejectsDropped = "footfall_rejects_dropped_total", [];
    /// Rejected events stored for their tenant.
    RejectsStored = "footfall_rejects_stored_total", [];
    /// Parked events, by what became of them: read from their log, released, erased, expired.
    ParkedEvents = "footfall_parked_events_total", ["fate": &["parked", "released", "erased", "expired"]];
    /// Events that went to the spool because Kafka did not acknowledge them in time.
    EventsSpooled = "footfall_events_spooled_total", [];
    /// Report jobs that ended, by outcome, as far as this process ended them.
    ReportJobsEnded = "footfall_report_jobs_ended_total", ["outcome": &["done", "failed", "cancelled"]];
    /// Attempts to log in, by outcome.
    Logins = "footfall_logins_total", ["outcome": &["accepted", "refused", "limited"]];
    /// Refusals that the audit log does not have, because there were too many at once.
    RefusalsDropped = "footfall_refusals_dropped_total", [];
    /// Calls to a store that failed, by reason; `footfall_store_call_seconds_count` counts all calls.
    StoreFailures = "footfall_store_call_failures_total", ["call": CALLS, "reason": REASONS];
    /// Errors that the Kafka client reported, such as a broker that it cannot reach.
    KafkaClientErrors = "footfall_kafka_client_errors_total", [];
    /// Look-ups in a cache of what PostgreSQL answered.
    CacheLookups = "footfall_cache_lookups_total", ["cache": CACHES];
    /// Look-ups that the cache could not answer.
    CacheMisses = "footfall_cache_misses_total", ["cache": CACHES];
    /// Requests refused because their tenant exceeds a quota.
    RequestsLimited = "footfall_requests_limited_total", [];
    /// Requests refused because their tenant or credential held its share of the memory for bodies.
    InFlightRefused = "footfall_in_flight_refused_total", [];
    /// Requests whose limit was not checked, because Redis was unavailable.
    LimitsUnchecked = "footfall_limits_unchecked_total", [];
    /// Events of the spool that Kafka has acknowledged.
    EventsDrained = "footfall_events_drained_total", [];
    /// Writes or calls of fsync that failed for the spool, so that its disk is in doubt.
    SpoolDiskFailures = "footfall_spool_disk_failures_total", [];
    /// Segments of the spool that were set aside for an operator.
    SpoolSetAside = "footfall_spool_segments_set_aside_total", [];
    /// Bytes of the objects put into the archive.
    ArchivedBytes = "footfall_archived_bytes_total", [];
    /// Reconciliations by this process, by outcome.
    Reconciliations = "footfall_reconciliations_total", ["check": CHECKS, "outcome": &["done", "failed"]];
    /// Spans that were recorded and could not be exported: too many waited, or the receiver did not accept them.
    SpansDropped = "footfall_spans_dropped_total", ["reason": DROPS];
}

metrics! {
    /// A number that increases and decreases.
    Gauge by gauge as IntGaugeVec;

    /// Bytes of request bodies held now.
    InFlightBytes = "footfall_in_flight_bytes", [];
    /// The most bytes of request bodies that may be held.
    InFlightLimit = "footfall_in_flight_limit_bytes", [];
    /// Partitions of the log that the sink reads, over all processes.
    Partitions = "footfall_partitions", ["sink": SINKS];
    /// Partitions of the log that this process owns.
    PartitionsOwned = "footfall_partitions_owned", ["sink": SINKS];
    /// Records of the log that the sink has not fully processed, over the partitions owned.
    LagRecords = "footfall_lag_records", ["sink": SINKS];
    /// Partitions that are halted until an operator intervenes.
    PartitionsHalted = "footfall_partitions_halted", ["sink": SINKS];
    /// Recent event ids, by which re-sends are recognised, in memory and on disk.
    EventIdsRemembered = "footfall_event_ids_remembered", ["sink": SINKS, "place": &["memory", "disk"]];
    /// Bytes in the spool that Kafka has not acknowledged yet.
    SpoolBytes = "footfall_spool_bytes", [];
    /// The most bytes that may be in the spool.
    SpoolCapacity = "footfall_spool_capacity_bytes", [];
    /// 1 while the spool accepts events, 0 while it refuses them.
    SpoolAccepts = "footfall_spool_accepts", [];
    /// Records that this collector has handed to the Kafka client and that are not acknowledged.
    PublishQueue = "footfall_publish_queue_records", [];
    /// Open connections to PostgreSQL, without the one that listens.
    PostgresConnections = "footfall_postgres_connections", ["state": &["idle", "used"]];
    /// The most connections to PostgreSQL that this process opens, without the one that listens.
    PostgresConnectionsLimit = "footfall_postgres_connections_limit", [];
    /// Reports and exports that run in ClickHouse.
    QueriesRunning = "footfall_queries_running", ["kind": QUERIES];
    /// Reports and exports that wait until ClickHouse has a place for them.
    QueriesWaiting = "footfall_queries_waiting", ["kind": QUERIES];
    /// Report jobs of all tenants that are not finished; every api tells the same.
    ReportJobs = "footfall_report_jobs", ["state": &["queued", "running"]];
    /// Live streams open now.
    LiveStreams = "footfall_live_streams", [];
    /// When this process last completed a reconciliation, in seconds since 1970; 0 before the first.
    ReconcileLastSuccess = "footfall_reconcile_last_success_timestamp_seconds", ["check": CHECKS];
    /// When this process last put an object into the archive, in seconds since 1970; 0 before the first.
    ArchiveLastObject = "footfall_archive_last_object_timestamp_seconds", [];
    /// As of when the latest backup has a store, in seconds since 1970; 0 without a backup. Every processor tells the same.
    BackupLastCopy = "footfall_backup_last_copy_timestamp_seconds", ["store": COPIED_STORES];
    /// Threads of the runtime for tasks that are not requests.
    RuntimeWorkers = "footfall_runtime_workers", [];
    /// Tasks of that runtime that have not ended.
    RuntimeTasks = "footfall_runtime_tasks", [];
    /// Tasks of that runtime that wait for any of its threads.
    RuntimeQueue = "footfall_runtime_queued_tasks", [];
}

metrics! {
    /// How long something has waited, in seconds.
    Age by age as GaugeVec;

    /// Age in the log of the oldest record that the sink has not fully processed, in seconds.
    OldestUnacknowledged = "footfall_oldest_unacknowledged_seconds", ["sink": SINKS];
    /// Age of the oldest erasure of persons and of the oldest move of a tenant that has not ended, in seconds; every processor tells the same.
    OldestUnfinished = "footfall_oldest_unfinished_seconds", ["work": WORK];
    /// How long ago the oldest hour began of which an event of any tenant is parked, in seconds; 0 if none is. Every processor tells the same.
    ParkedOldest = "footfall_parked_oldest_seconds", [];
    /// Age of the oldest event in the spool, in seconds.
    SpoolOldest = "footfall_spool_oldest_seconds", [];
    /// How long the longest waiting report job of all tenants could have been claimed, in seconds; every api tells the same.
    ReportJobsOldest = "footfall_report_jobs_oldest_queued_seconds", [];
}

metrics! {
    /// How long something takes, in seconds.
    Histogram by histogram as HistogramVec;

    /// From the request's first byte to the answer; `status` is the class, such as 2xx.
    RequestSeconds = "footfall_request_seconds", ["service": BY_SERVICE, "route": BY_SERVICE, "method": BY_SERVICE, "status": BY_SERVICE];
    /// How long a report or an export waits until ClickHouse has a place for it.
    QueueSeconds = "footfall_query_queue_seconds", ["kind": QUERIES];
    /// One batch, from its first record to its mark.
    BatchSeconds = "footfall_batch_seconds", ["sink": SINKS];
    /// From the collector's receipt of an event to its sink.
    DeliverySeconds = "footfall_delivery_seconds", ["sink": SINKS];
    /// One call to a store, until its answer or its failure.
    StoreCallSeconds = "footfall_store_call_seconds", ["call": CALLS];
    /// One fsync of the spool.
    SpoolSyncSeconds = "footfall_spool_sync_seconds", [];
    /// How much later than it was due a timer of the runtime fired; below 0.01 at rest.
    RuntimeDelay = "footfall_runtime_delay_seconds", [];
}

/// Returns every combination of label values; none if a label's values are not known.
fn combinations(labels: &[(&'static str, &'static [&'static str])]) -> Vec<Vec<&'static str>> {
    let none_yet = vec![Vec::new()];
    labels.iter().fold(none_yet, |chosen, (_, values)| {
        let with = |before: &Vec<_>, value| before.iter().copied().chain([value]).collect();
        chosen
            .iter()
            .flat_map(|before| values.iter().map(move |value| with(before, *value)))
            .collect()
    })
}

impl Counter {
    /// Adds one.
    pub fn inc(self, labels: &[&str]) {
        self.add(labels, 1);
    }

    /// Adds `count`.
    pub fn add(self, labels: &[&str], count: u64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.inc_by(count);
        }
    }

    /// Returns the series with these labels, for code that counts often.
    pub fn series(self, labels: &[&str]) -> CounterSeries {
        CounterSeries::new(series(self.metric(), self.name(), labels))
    }

    /// Returns the count so far; 0 before the first.
    pub fn value(self, labels: &[&str]) -> u64 {
        series(self.metric(), self.name(), labels).map_or(0, |series| series.get())
    }
}

impl Gauge {
    /// Sets the value.
    pub fn set(self, labels: &[&str], value: i64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.set(value);
        }
    }

    /// Adds `change` to the value.
    pub fn add(self, labels: &[&str], change: i64) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.add(change);
        }
    }

    /// Returns the value; 0 before the first.
    pub fn value(self, labels: &[&str]) -> i64 {
        series(self.metric(), self.name(), labels).map_or(0, |series| series.get())
    }
}

impl Age {
    /// Sets how long it has waited.
    pub fn set(self, labels: &[&str], waited: Duration) {
        if let Some(series) = series(self.metric(), self.name(), labels) {
            series.set(waited.as_secs_f64());
        }
    }
}

impl Histogram {
    /// Returns the series with these labels, for code that records often.
    pub(crate) fn series(self, labels: &[&str]) -> HistogramSeries {
        let names = self.labels().iter().map(|(name, _)| *name);
        let buckets = Buckets::of(self.name(), names.zip(labels.iter().copied()));
        HistogramSeries::new(series(self.metric(), self.name(), labels), buckets)
    }

    /// Records how long it took.
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
    fn every_name_is_registered_once_and_ends_with_its_unit() {
        for counter in Counter::ALL {
            assert!(counter.metric().is_some(), "{counter:?}");
            assert!(counter.name().starts_with("footfall_") && counter.name().ends_with("_total"));
        }
        for gauge in Gauge::ALL {
            assert!(gauge.metric().is_some(), "{gauge:?}");
        }
        for age in Age::ALL {
            assert!(age.metric().is_some() && age.name().ends_with("_seconds"), "{age:?}");
        }
        for histogram in Histogram::ALL {
            assert!(histogram.metric().is_some(), "{histogram:?}");
            assert!(histogram.name().ends_with("_seconds"));
        }
        let gauges = Gauge::ALL.iter().map(|gauge| gauge.name());
        for name in gauges.filter(|name| name.contains("bytes")) {
            assert!(name.ends_with("_bytes"), "{name}");
        }
    }

    #[test]
    fn every_series_of_known_labels_exists_before_its_first_increase() {
        crate::register();
        let text = crate::render();
        for series in [
            r#"footfall_reconcile_repairs_total{kind="archive"} 0"#,
            r#"footfall_partitions_halted{sink="rejects"} 0"#,
            r#"footfall_poison_records_total{sink="live"} 0"#,
            r#"footfall_batches_total{outcome="doubled",sink="store"} 0"#,
            r#"footfall_oldest_unacknowledged_seconds{sink="archive"} 0"#,
            r#"footfall_oldest_unfinished_seconds{work="move"} 0"#,
            r#"footfall_delivery_seconds_count{sink="archive"} 0"#,
            "footfall_live_rebuilds_total 0",
            "footfall_spool_oldest_seconds 0",
            "footfall_parked_oldest_seconds 0",
            r#"footfall_report_jobs{state="queued"} 0"#,
            r#"footfall_report_jobs_ended_total{outcome="cancelled"} 0"#,
            "footfall_report_jobs_oldest_queued_seconds 0",
            r#"footfall_backup_last_copy_timestamp_seconds{store="archive"} 0"#,
        ] {
            assert!(text.lines().any(|line| line == series), "{series}: {text}");
        }
        let names = Counter::ALL.iter().map(|counter| (counter.name(), counter.labels()));
        let names = names.chain(Gauge::ALL.iter().map(|gauge| (gauge.name(), gauge.labels())));
        let names = names.chain(Age::ALL.iter().map(|age| (age.name(), age.labels())));
        for (name, _) in names.filter(|(_, labels)| !combinations(labels).is_empty()) {
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}: {text}");
        }
        assert!(!text.contains("milliseconds"), "{text}");
    }

    #[test]
    fn a_metric_is_rendered_with_its_help() {
        Counter::Logins.inc(&["limited"]);
        Counter::Logins.inc(&["limited"]);
        Age::OldestUnacknowledged.set(&["store"], Duration::from_millis(1_500));
        Histogram::BatchSeconds.observe(&["store"], Duration::from_millis(3));
        let text = crate::render();
        assert!(text.contains("# HELP footfall_logins_total Attempts to log in, by outcome."));
        assert!(text.contains(r#"footfall_logins_total{outcome="limited"} 2"#), "{text}");
        let age = r#"footfall_oldest_unacknowledged_seconds{sink="store"} 1.5"#;
        assert!(text.contains(age), "{text}");
        assert!(text.contains(r#"footfall_batch_seconds_bucket{sink="store",le="0.005"} 1"#));
    }

    #[test]
    fn wrong_labels_count_nothing() {
        Counter::RequestsServed.inc(&["too few"]);
        assert_eq!(Counter::RequestsServed.value(&["too few"]), 0);
    }
}
