"""The objectives, the traffic, and where to look next."""

from .parts import EVENTS, Board, Chart, rate

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
