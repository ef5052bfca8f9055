"""What the dashboards show. Every query returns data beside a running demo: check/ask.py asks them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    title: str
    unit: str
    queries: list[tuple[str, str]]
    description: str = ""


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    description: str
    rows: dict[str, list[Chart]]


def rate(metric: str, by: str = "", where: str = "") -> str:
    """Returns how fast a counter rises, by these labels."""
    labels = f"{{{where}}}" if where else ""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({metric}{labels}[$__rate_interval]))"


def quantiles(metric: str, by: str = "", where: str = "") -> list[tuple[str, str]]:
    """Returns the median and the 99th percentile of a histogram, by these labels."""
    grouped = ", ".join(["le", by] if by else ["le"])
    buckets = rate(f"{metric}_bucket", grouped, where)
    legend = f"{{{{{by}}}}} " if by else ""
    return [(f"histogram_quantile({q}, {buckets})", f"{legend}{name}") for q, name in [(0.5, "p50"), (0.99, "p99")]]


COLLECT = 'service="collector",route="/v1/events"'
API = 'service="api"'
ACCEPTED = 'outcome="accepted"'
EVENTS = "footfall_events_received_total"
BURN = "The share of the budget of 30 days that is left if the last three days are typical."

OVERVIEW = Board(
    "footfall-overview",
    "Overview",
    "The objectives of docs/operations/slos.md, and where to look next.",
    {
        "Objectives": [
            Chart(
                "Errors against each objective, one hour",
                "percentunit",
                [("footfall:slo_errors:ratio1h", "{{slo}}")],
                "The ratio of requests or minutes that missed their objective.",
            ),
            Chart("Errors against each objective, three days", "percentunit", [("footfall:slo_errors:ratio3d", "{{slo}}")], BURN),
            Chart(
                "Behind the log",
                "s",
                [("max by (sink) (footfall_oldest_unacknowledged_seconds)", "{{sink}}")],
                "Reports show every event that is older than this.",
            ),
        ],
        "Traffic": [
            Chart("Events received", "cps", [(rate(EVENTS, "outcome"), "{{outcome}}")]),
            Chart("Requests by service", "reqps", [(rate("footfall_requests_total", "service"), "{{service}}")]),
            Chart("Failed requests", "reqps", [(rate("footfall_requests_total", "service", 'status="5xx"'), "{{service}}")]),
        ],
        "Exactness": [
            Chart(
                "Repairs by the reconciliation",
                "short",
                [("sum by (kind) (increase(footfall_reconcile_repairs_total[1h]))", "{{kind}}")],
                "Rows or objects that differed from the ledger within the last hour: 0 is the promise.",
            ),
            Chart(
                "Time since a complete reconciliation",
                "s",
                [("time() - max by (check) (footfall_reconcile_last_success_timestamp_seconds > 0)", "{{check}}")],
            ),
            Chart("Halted partitions", "short", [("sum by (sink) (footfall_partitions_halted)", "{{sink}}")]),
        ],
        "Processes": [
            Chart("Answering Prometheus", "short", [("up", "{{job}} {{instance}}")]),
            Chart("Versions", "short", [("count by (version, commit) (footfall_build_info)", "{{version}} {{commit}}")]),
            Chart(
                "Settings",
                "short",
                [("count by (hash) (footfall_settings_info)", "{{hash}}")],
                "Processes by the hash of their settings. Two hashes for long: one deployment was not rolled out.",
            ),
        ],
    },
)

WRITE_PATH = Board(
    "footfall-write-path",
    "Write path",
    "From a shop's request to the log in Kafka, or to the spool.",
    {
        "Requests": [
            Chart("Requests by status", "reqps", [(rate("footfall_requests_total", "status", COLLECT), "{{status}}")]),
            Chart("Time to accept", "s", quantiles("footfall_request_seconds", "", COLLECT + ',status="2xx"')),
            Chart("Events by outcome", "cps", [(rate(EVENTS, "outcome"), "{{outcome}}")]),
            Chart(
                "Refused by limits",
                "reqps",
                [(rate("footfall_requests_limited_total"), "refused"), (rate("footfall_limits_unchecked_total"), "unchecked")],
                "Unchecked requests were admitted because Redis did not answer.",
            ),
            Chart(
                "Beyond a quota of a day",
                "cps",
                [
                    (rate("footfall_names_replaced_total", "kind"), "{{kind}} counted as other"),
                    (rate("footfall_rejects_dropped_total"), "rejects not stored"),
                ],
                "Events of a tenant that names too many campaigns or products, or sends too many invalid ones.",
            ),
            Chart(
                "Request bodies held",
                "bytes",
                [("footfall_in_flight_bytes", "{{instance}}"), ("footfall_in_flight_limit_bytes", "{{instance}} limit")],
            ),
            Chart(
                "Look-ups that the caches cannot answer",
                "percentunit",
                [
                    (
                        f"{rate('footfall_cache_misses_total', 'cache')} / "
                        f"({rate('footfall_cache_lookups_total', 'cache')} > 0)",
                        "{{cache}}",
                    )
                ],
            ),
        ],
        "Kafka": [
            Chart("Time to publish", "s", quantiles("footfall_store_call_seconds", "", 'call="kafka_publish"')),
            Chart("Records not acknowledged", "short", [("footfall_publish_queue_records", "{{instance}}")]),
            Chart("Errors of the Kafka client", "cps", [(rate("footfall_kafka_client_errors_total", "instance"), "{{instance}}")]),
        ],
        "Spool": [
            Chart(
                "Bytes in the spool",
                "bytes",
                [("footfall_spool_bytes", "{{instance}}"), ("footfall_spool_capacity_bytes", "{{instance}} limit")],
            ),
            Chart("Oldest event in the spool", "s", [("footfall_spool_oldest_seconds", "{{instance}}")]),
            Chart(
                "Events spooled and drained",
                "cps",
                [(rate("footfall_events_spooled_total"), "spooled"), (rate("footfall_events_drained_total"), "drained")],
            ),
            Chart("Accepts events", "bool", [("footfall_spool_accepts", "{{instance}}")]),
            Chart("fsync", "s", quantiles("footfall_spool_sync_seconds")),
            Chart(
                "Faults of the disk",
                "short",
                [
                    ("sum by (instance) (increase(footfall_spool_disk_failures_total[1h]))", "{{instance}} disk"),
                    ("sum by (instance) (increase(footfall_spool_segments_set_aside_total[1h]))", "{{instance}} set aside"),
                ],
            ),
        ],
    },
)

PROCESSOR = Board(
    "footfall-processor",
    "Processor",
    "Each sink from the log to its store.",
    {
        "Progress": [
            Chart("Records behind", "short", [("sum by (sink) (footfall_lag_records)", "{{sink}}")]),
            Chart("Seconds behind", "s", [("max by (sink) (footfall_oldest_unacknowledged_seconds)", "{{sink}}")]),
            Chart("Records processed", "cps", [(rate("footfall_records_processed_total", "sink"), "{{sink}}")]),
            Chart("From receipt to the sink", "s", quantiles("footfall_delivery_seconds", "sink")),
            Chart("Time of a batch", "s", quantiles("footfall_batch_seconds", "sink")),
            Chart("Batches by outcome", "cps", [(rate("footfall_batches_total", "sink, outcome"), "{{sink}} {{outcome}}")]),
        ],
        "Partitions": [
            Chart(
                "Owned, of all",
                "short",
                [("sum by (sink) (footfall_partitions_owned)", "{{sink}}"), ("max by (sink) (footfall_partitions)", "{{sink}} all")],
                "Fewer than all for minutes: nobody processes a part of the log.",
            ),
            Chart("Owned by each process", "short", [("footfall_partitions_owned{sink='store'}", "{{instance}}")]),
            Chart("Halted", "short", [("sum by (sink) (footfall_partitions_halted)", "{{sink}}")]),
        ],
        "Correctness": [
            Chart("Re-sends dropped", "cps", [(rate("footfall_resends_dropped_total", "sink"), "{{sink}}")]),
            Chart("Poison records", "short", [("sum by (sink) (increase(footfall_poison_records_total[1h]))", "{{sink}}")]),
            Chart("Rejects stored", "cps", [(rate("footfall_rejects_stored_total"), "rejects")]),
            Chart("Repairs", "short", [("sum by (kind) (increase(footfall_reconcile_repairs_total[1h]))", "{{kind}}")]),
            Chart(
                "Reconciliations",
                "short",
                [("sum by (check, outcome) (increase(footfall_reconciliations_total[1h]))", "{{check}} {{outcome}}")],
            ),
            Chart("Rebuilds of live counters", "short", [("sum(increase(footfall_live_rebuilds_total[1h]))", "rebuilds")]),
            Chart("Names not listed in time", "short", [("sum(increase(footfall_names_not_listed_total[1h]))", "names")]),
        ],
        "Memory and archive": [
            Chart("Recent ids", "short", [("sum by (sink, place) (footfall_event_ids_remembered)", "{{sink}} {{place}}")]),
            Chart("Bytes archived", "Bps", [(rate("footfall_archived_bytes_total"), "bytes")]),
            Chart(
                "Time since the last object",
                "s",
                [("time() - max(footfall_archive_last_object_timestamp_seconds > 0)", "last object")],
                "An archive without traffic has no new objects; the seconds behind tell whether it should have.",
            ),
        ],
    },
)

READ_PATH = Board(
    "footfall-read-path",
    "Read path",
    "Reports, live streams, report jobs and logins.",
    {
        "Requests": [
            Chart("Requests by status", "reqps", [(rate("footfall_requests_total", "status", 'service="api"'), "{{status}}")]),
            Chart(
                "Slowest routes, p95",
                "s",
                [
                    (
                        "topk(10, histogram_quantile(0.95, "
                        f"{rate('footfall_request_seconds_bucket', 'le, method, route', API)}))",
                        "{{method}} {{route}}",
                    )
                ],
            ),
            Chart(
                "Campaign metrics",
                "s",
                quantiles("footfall_request_seconds", "", 'service="api",route="/v1/campaigns/{id}/metrics",status="2xx"'),
            ),
        ],
        "Queries": [
            Chart("Metrics by source", "reqps", [(rate("footfall_metrics_answered_total", "source"), "{{source}}")]),
            Chart("Queries by cache", "reqps", [(rate("footfall_queries_answered_total", "cache"), "{{cache}}")]),
            Chart("Reads of finished ranges", "reqps", [(rate("footfall_finished_reads_total", "outcome"), "{{outcome}}")]),
            Chart(
                "Running and waiting",
                "short",
                [
                    ("sum by (kind) (footfall_queries_running)", "{{kind}} running"),
                    ("sum by (kind) (footfall_queries_waiting)", "{{kind}} waiting"),
                ],
            ),
            Chart("Wait for a place", "s", quantiles("footfall_query_queue_seconds", "kind")),
            Chart("ClickHouse's answers", "s", quantiles("footfall_store_call_seconds", "", 'call="clickhouse_read"')),
        ],
        "Live streams and jobs": [
            Chart("Open live streams", "short", [("footfall_live_streams", "{{instance}}")]),
            Chart("Report jobs", "short", [("max by (state) (footfall_report_jobs)", "{{state}}")]),
            Chart("Longest wait of a job", "s", [("max(footfall_report_jobs_oldest_queued_seconds)", "oldest")]),
            Chart("Jobs ended", "cps", [(rate("footfall_report_jobs_ended_total", "outcome"), "{{outcome}}")]),
        ],
        "Access": [
            Chart("Logins", "cps", [(rate("footfall_logins_total", "outcome"), "{{outcome}}")]),
            Chart("Refusals missing in the audit log", "short", [("sum(increase(footfall_refusals_dropped_total[1h]))", "dropped")]),
        ],
    },
)

STORES = Board(
    "footfall-stores",
    "Stores, seen by Footfall",
    "How the stores answer Footfall's calls. The board of the servers shows their own side.",
    {
        "Calls": [
            Chart("Calls", "reqps", [(rate("footfall_store_call_seconds_count", "call"), "{{call}}")]),
            Chart("Median time", "s", [quantiles("footfall_store_call_seconds", "call")[0]]),
            Chart("99th percentile", "s", [quantiles("footfall_store_call_seconds", "call")[1]]),
        ],
        "Failures": [
            Chart(
                "No answer",
                "cps",
                [(rate("footfall_store_call_failures_total", "call", 'reason="unavailable"'), "{{call}}")],
            ),
            Chart("Refused", "cps", [(rate("footfall_store_call_failures_total", "call", 'reason="refused"'), "{{call}}")]),
            Chart("Limits not enforced", "reqps", [(rate("footfall_limits_unchecked_total"), "unchecked")]),
        ],
        "Pools and queues": [
            Chart(
                "Connections to PostgreSQL",
                "short",
                [
                    ("footfall_postgres_connections", "{{instance}} {{state}}"),
                    ("footfall_postgres_connections_limit", "{{instance}} limit"),
                ],
            ),
            Chart("Queries in ClickHouse", "short", [("sum by (kind) (footfall_queries_running)", "{{kind}}")]),
            Chart("Records not acknowledged by Kafka", "short", [("footfall_publish_queue_records", "{{instance}}")]),
        ],
    },
)

SERVERS = Board(
    "footfall-servers",
    "Servers",
    "What Kafka, ClickHouse, Redis and PostgreSQL report of themselves.",
    {
        "Kafka": [
            Chart(
                "Partitions without a leader, or with too few replicas",
                "short",
                [
                    ('sum(kafka_controller_KafkaController_Value{name="OfflinePartitionsCount"})', "offline"),
                    ('sum(kafka_server_ReplicaManager_Value{name="UnderMinIsrPartitionCount"})', "under min.insync"),
                ],
            ),
            Chart(
                "Bytes in and out",
                "Bps",
                [
                    ('sum(rate(kafka_server_BrokerTopicMetrics_Count{name="BytesInPerSec",topic=""}[$__rate_interval]))', "in"),
                    ('sum(rate(kafka_server_BrokerTopicMetrics_Count{name="BytesOutPerSec",topic=""}[$__rate_interval]))', "out"),
                ],
            ),
            Chart(
                "Time of a produce request, p99",
                "ms",
                [('max(kafka_network_RequestMetrics_99thPercentile{name="TotalTimeMs",request="Produce"})', "produce")],
            ),
            Chart("Size of the log", "bytes", [('sum by (topic) (kafka_log_Log_Value{name="Size"})', "{{topic}}")]),
        ],
        "ClickHouse": [
            Chart("Parts", "short", [("ClickHouseMetrics_PartsActive", "{{instance}}")]),
            Chart("Most parts of a partition", "short", [("ClickHouseAsyncMetrics_MaxPartCountForPartition", "{{instance}}")]),
            Chart(
                "Delayed and rejected inserts",
                "short",
                [
                    ("increase(ClickHouseProfileEvents_DelayedInserts[1h])", "{{instance}} delayed"),
                    ("increase(ClickHouseProfileEvents_RejectedInserts[1h])", "{{instance}} rejected"),
                ],
            ),
            Chart(
                "Queries",
                "reqps",
                [
                    ("rate(ClickHouseProfileEvents_SelectQuery[$__rate_interval])", "{{instance}} select"),
                    ("rate(ClickHouseProfileEvents_InsertQuery[$__rate_interval])", "{{instance}} insert"),
                ],
            ),
            Chart("Running queries and merges", "short", [("ClickHouseMetrics_Query", "{{instance}} queries"), ("ClickHouseMetrics_Merge", "{{instance}} merges")]),
            Chart("Memory", "bytes", [("ClickHouseMetrics_MemoryTracking", "{{instance}}")]),
        ],
        "Redis": [
            Chart("Memory", "bytes", [("redis_memory_used_bytes", "used"), ("redis_memory_max_bytes", "limit")]),
            Chart("Commands", "ops", [("rate(redis_commands_processed_total[$__rate_interval])", "{{instance}}")]),
            Chart("Evicted keys", "short", [("increase(redis_evicted_keys_total[1h])", "{{instance}}")]),
            Chart("Clients", "short", [("redis_connected_clients", "{{instance}}")]),
        ],
        "PostgreSQL": [
            Chart(
                "Connections",
                "short",
                [("sum by (server) (pg_stat_activity_count)", "taken"), ("max by (server) (pg_settings_max_connections)", "limit")],
            ),
            Chart("Oldest transaction", "s", [("max by (server) (pg_stat_activity_max_tx_duration)", "{{server}}")]),
            Chart(
                "Transactions",
                "cps",
                [
                    ("sum by (server) (rate(pg_stat_database_xact_commit[$__rate_interval]))", "committed"),
                    ("sum by (server) (rate(pg_stat_database_xact_rollback[$__rate_interval]))", "rolled back"),
                ],
            ),
            Chart("Deadlocks", "short", [("sum by (server) (increase(pg_stat_database_deadlocks[1h]))", "{{server}}")]),
        ],
    },
)

CPU = "rate(process_cpu_seconds_total{job=~'.*footfall.*'}[$__rate_interval])"

CAPACITY = Board(
    "footfall-capacity",
    "Capacity",
    "What the traffic costs, and how much room is left.",
    {
        "Unit costs": [
            Chart(
                "CPU of 1,000 events",
                "s",
                [(f"1000 * sum({CPU}) / ({rate(EVENTS, '', ACCEPTED)} > 0)", "CPU")],
                "CPU seconds of all of Footfall's processes, whatever they do besides.",
            ),
            Chart(
                "Bytes in the log for an event",
                "bytes",
                [
                    (
                        "sum(rate(kafka_server_BrokerTopicMetrics_Count{name='BytesInPerSec',topic='events.v1'}[10m])) / "
                        "(sum(rate(footfall_events_received_total{outcome='accepted'}[10m])) > 0)",
                        "bytes",
                    )
                ],
            ),
            Chart(
                "Rows stored for an event",
                "short",
                [
                    (
                        "sum(rate(ClickHouseProfileEvents_InsertedRows[10m])) / "
                        "(sum(rate(footfall_events_received_total{outcome='accepted'}[10m])) > 0)",
                        "rows",
                    )
                ],
            ),
        ],
        "Processes": [
            Chart("CPU", "short", [(f"sum by (job, instance) ({CPU})", "{{job}} {{instance}}")]),
            Chart("Memory", "bytes", [("process_resident_memory_bytes{job=~'.*footfall.*'}", "{{job}} {{instance}}")]),
            Chart(
                "Open files, of the limit",
                "percentunit",
                [("process_open_fds{job=~'.*footfall.*'} / process_max_fds", "{{job}} {{instance}}")],
            ),
            Chart("Delay of the runtime", "s", quantiles("footfall_runtime_delay_seconds", "instance")),
            Chart(
                "Tasks",
                "short",
                [("footfall_runtime_tasks", "{{instance}}"), ("footfall_runtime_queued_tasks", "{{instance}} waiting")],
            ),
            Chart("Threads of the runtime", "short", [("footfall_runtime_workers", "{{instance}}")]),
            Chart("Uptime", "s", [("time() - process_start_time_seconds{job=~'.*footfall.*'}", "{{job}} {{instance}}")]),
        ],
        "Room in the stores": [
            Chart(
                "Free disk of ClickHouse",
                "percentunit",
                [("ClickHouseAsyncMetrics_DiskAvailable_default / ClickHouseAsyncMetrics_DiskTotal_default", "{{instance}}")],
            ),
            Chart("Memory of Redis", "bytes", [("redis_memory_used_bytes", "used"), ("redis_memory_max_bytes", "limit; 0 is none")]),
            Chart("Size of PostgreSQL", "bytes", [("sum by (server) (pg_database_size_bytes)", "{{server}}")]),
            Chart("Rows read by queries", "cps", [("rate(ClickHouseProfileEvents_SelectedRows[$__rate_interval])", "{{instance}}")]),
        ],
    },
)

DASHBOARDS = [OVERVIEW, WRITE_PATH, PROCESSOR, READ_PATH, STORES, SERVERS, CAPACITY]
