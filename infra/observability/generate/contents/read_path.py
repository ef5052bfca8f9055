"""Reports, live streams, report jobs and logins."""

from .parts import Board, Chart, quantiles, rate

API = 'service="api"'

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
