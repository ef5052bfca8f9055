"""The service level objectives: docs/operations/slos.md explains them, rules/slo.yaml is made of them."""

from dataclasses import dataclass

EVENTS = 'service="collector",route="/v1/events"'
METRICS = 'service="api",route="/v1/campaigns/{id}/metrics",method="GET",status="2xx"'


@dataclass(frozen=True)
class Slo:
    """An objective over 30 days. `bad` is the ratio of what went wrong, of a window `{w}`."""

    name: str
    alert: str
    objective: float
    bad: str
    summary: str
    dashboard: str
    # Series that spend the budget at once, and series that do not: the cases of promtool.
    fires: dict[str, str]
    silent: dict[str, str]


def slower_than(bucket: str, labels: str) -> str:
    """Returns the ratio of requests that took longer than a bound of the histogram."""
    fast = f'sum(rate(footfall_request_seconds_bucket{{{labels},le="{bucket}"}}[{{w}}]))'
    return f"1 - {fast} / sum(rate(footfall_request_seconds_count{{{labels}}}[{{w}}]))"


def failed(labels: str) -> str:
    """Returns the ratio of requests that were answered with a status of 500 to 599."""
    bad = f'sum(rate(footfall_requests_total{{{labels},status="5xx"}}[{{w}}]))'
    return f"{bad} / sum(rate(footfall_requests_total{{{labels}}}[{{w}}]))"


def requests(labels: str, good: str, bad: str) -> dict[str, str]:
    series = f"footfall_requests_total{{{labels}"
    return {f'{series},status="2xx"}}': good, f'{series},status="5xx"}}': bad}


def latencies(labels: str, bucket: str, fast: str, all_of_them: str) -> dict[str, str]:
    bucket_series = f'footfall_request_seconds_bucket{{{labels},le="{bucket}"}}'
    return {bucket_series: fast, f"footfall_request_seconds_count{{{labels}}}": all_of_them}


ACCEPTED = EVENTS + ',method="POST",status="2xx"'

SLOS = [
    Slo(
        name="collector-availability",
        alert="CollectorAvailabilityBurns",
        objective=0.9995,
        bad=failed(EVENTS),
        summary="The collector fails too many requests",
        dashboard="footfall-overview",
        fires=requests(EVENTS, "0+100x120", "0+20x120"),
        silent=requests(EVENTS, "0+100000x120", "0+1x120"),
    ),
    Slo(
        name="collector-latency",
        alert="CollectorLatencyBurns",
        objective=0.99,
        bad=slower_than("0.25", ACCEPTED),
        summary="The collector accepts events too slowly",
        dashboard="footfall-write-path",
        fires=latencies(ACCEPTED, "0.25", "0+50x120", "0+100x120"),
        silent=latencies(ACCEPTED, "0.25", "0+999x120", "0+1000x120"),
    ),
    Slo(
        name="freshness",
        alert="FreshnessBurns",
        objective=0.999,
        bad="avg_over_time(footfall:stale:bool[{w}])",
        summary="Reports are behind the events for too long",
        dashboard="footfall-processor",
        fires={'footfall_oldest_unacknowledged_seconds{sink="store"}': "100x120"},
        silent={'footfall_oldest_unacknowledged_seconds{sink="store"}': "3x120"},
    ),
    Slo(
        name="api-availability",
        alert="ApiAvailabilityBurns",
        objective=0.999,
        bad=failed('service="api"'),
        summary="The API fails too many requests",
        dashboard="footfall-read-path",
        fires=requests('service="api",route="/v1/query"', "0+100x120", "0+10x120"),
        silent=requests('service="api",route="/v1/query"', "0+100000x120", "0+1x120"),
    ),
    Slo(
        name="report-latency",
        alert="ReportLatencyBurns",
        objective=0.95,
        bad=slower_than("0.25", METRICS),
        summary="Campaign metrics are answered too slowly",
        dashboard="footfall-read-path",
        fires=latencies(METRICS, "0.25", "0+10x120", "0+100x120"),
        silent=latencies(METRICS, "0.25", "0+99x120", "0+100x120"),
    ),
]
