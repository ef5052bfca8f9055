"""What the traffic costs, and how much room is left."""

from .parts import EVENTS, Board, Chart, quantiles, rate

ACCEPTED = 'outcome="accepted"'
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
            Chart(
                "Spans dropped",
                "cps",
                [("sum by (reason) (rate(footfall_spans_dropped_total[$__rate_interval]))", "{{reason}}")],
            ),
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
