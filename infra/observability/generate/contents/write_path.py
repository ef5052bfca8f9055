"""From a shop's request to the log in Kafka, or to the spool."""

from .parts import EVENTS, Board, Chart, quantiles, rate

COLLECT = 'service="collector",route="/v1/events"'

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
                [
                    (rate("footfall_requests_limited_total"), "refused"),
                    (rate("footfall_limits_unchecked_total"), "unchecked"),
                    (rate("footfall_in_flight_refused_total", "instance"), "{{instance}} without memory"),
                ],
                "Unchecked requests were admitted because Redis did not answer. Without memory: their tenant or key held its share.",
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
                "Parked events",
                "cps",
                [(rate("footfall_parked_events_total", "fate"), "{{fate}}")],
                "Events over a quota that wait for their owner, and what becomes of them.",
            ),
            Chart(
                "Oldest parked events",
                "s",
                [("max(footfall_parked_oldest_seconds)", "oldest")],
                "After seven days they expire.",
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
