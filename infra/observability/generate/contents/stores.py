"""How the stores answer Footfall's calls."""

from .parts import Board, Chart, quantiles, rate

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
        "Backups": [
            Chart(
                "Latest copy of each store",
                "dateTimeFromNow",
                [("1000 * max by (store) (footfall_backup_last_copy_timestamp_seconds)", "{{store}}")],
                "As of when the latest backup has the store; 1970 if none has it.",
            ),
        ],
    },
)
