"""Each sink from the log to its store."""

from .parts import Board, Chart, quantiles, rate

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
            Chart("Oldest erasure and move", "s", [("max by (work) (footfall_oldest_unfinished_seconds)", "{{work}}")]),
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
                "An archive without traffic has no new objects; the seconds behind show whether it should have.",
            ),
        ],
    },
)
