"""The service level objectives: docs/operations/slos.md explains them, rules/slo.yaml is made of them."""

from dataclasses import dataclass

EVENTS = 'service="collector",route="/v1/events"'
METRICS = 'service="api",route="/v1/campaigns/{id}/metrics",method="GET",status="2xx"'


@dataclass(frozen=True)
class Slo:
    """An objective over 30 days. `bad` counts what went wrong within a window `{w}`, `total` counts everything."""

    name: str
    alert: str
    objective: float
    bad: str
    total: str
    # So many must have gone wrong within the long window of an alert: the ratio of few is chance.
    least: int
    summary: str
    dashboard: str
    # The cases of promtool: series that spend the budget at once, series that do not, and series whose ratio is as
    # bad, but with fewer bad ones than `least`.
    fires: dict[str, str]
    silent: dict[str, str]
    few: dict[str, str]


def slower_than(bucket: str, labels: str) -> dict[str, str]:
    """Counts the requests that took longer than a bound of the histogram, and all."""
    fast = f'sum(increase(footfall_request_seconds_bucket{{{labels},le="{bucket}"}}[{{w}}]))'
    total = f"sum(increase(footfall_request_seconds_count{{{labels}}}[{{w}}]))"
    return {"bad": f"({total} - {fast})", "total": total}


def failed(labels: str) -> dict[str, str]:
    """Counts the requests that were answered with a status of 500 to 599, and all."""
    bad = f'sum(increase(footfall_requests_total{{{labels},status="5xx"}}[{{w}}]))'
    return {"bad": bad, "total": f"sum(increase(footfall_requests_total{{{labels}}}[{{w}}]))"}


def requests(labels: str, good: str, bad: str) -> dict[str, str]:
    series = f"footfall_requests_total{{{labels}"
    return {f'{series},status="2xx"}}': good, f'{series},status="5xx"}}': bad}


def latencies(labels: str, bucket: str, fast: str, all_of_them: str) -> dict[str, str]:
    bucket_series = f'footfall_request_seconds_bucket{{{labels},le="{bucket}"}}'
    return {bucket_series: fast, f"footfall_request_seconds_count{{{labels}}}": all_of_them}


ACCEPTED = EVENTS + ',method="POST",status="2xx"'
# The least number of bad requests, and of bad minutes.
REQUESTS = 10
MINUTES = 5
# Nine requests in 90 minutes.
RARE = "0+0.1x120"

SLOS = [
    Slo(
        name="collector-availability",
        alert="CollectorAvailabilityBurns",
        objective=0.9995,
        **failed(EVENTS),
        least=REQUESTS,
        summary="The collector fails too many requests",
        dashboard="footfall-overview",
        fires=requests(EVENTS, "0+100x120", "0+20x120"),
        silent=requests(EVENTS, "0+100000x120", "0+1x120"),
        few=requests(EVENTS, "0x120", RARE),
    ),
    Slo(
        name="collector-latency",
        alert="CollectorLatencyBurns",
        objective=0.99,
        **slower_than("0.25", ACCEPTED),
        least=REQUESTS,
        summary="The collector accepts events too slowly",
        dashboard="footfall-write-path",
        fires=latencies(ACCEPTED, "0.25", "0+50x120", "0+100x120"),
        silent=latencies(ACCEPTED, "0.25", "0+999x120", "0+1000x120"),
        few=latencies(ACCEPTED, "0.25", "0x120", RARE),
    ),
    Slo(
        name="freshness",
        alert="FreshnessBurns",
        objective=0.999,
        bad="sum_over_time(footfall:stale:bool[{w}:1m])",
        total="count_over_time(footfall:stale:bool[{w}:1m])",
        least=MINUTES,
        summary="Reports are behind the events for too long",
        dashboard="footfall-processor",
        fires={'footfall_oldest_unacknowledged_seconds{sink="store"}': "100x120"},
        silent={'footfall_oldest_unacknowledged_seconds{sink="store"}': "3x120"},
        # Two minutes at the start of a platform, and two just before the end.
        few={'footfall_oldest_unacknowledged_seconds{sink="store"}': "100x1 3x83 100x1 3x40"},
    ),
    Slo(
        name="api-availability",
        alert="ApiAvailabilityBurns",
        objective=0.999,
        **failed('service="api"'),
        least=REQUESTS,
        summary="The API fails too many requests",
        dashboard="footfall-read-path",
        # Thirty requests an hour, which all fail: an outage is noticed at low traffic, too.
        fires=requests('service="api",route="/v1/query"', "0x120", "0+0.5x120"),
        silent=requests('service="api",route="/v1/query"', "0+100000x120", "0+1x120"),
        few=requests('service="api",route="/v1/query"', "0x120", RARE),
    ),
    Slo(
        name="report-latency",
        alert="ReportLatencyBurns",
        objective=0.95,
        **slower_than("0.25", METRICS),
        least=REQUESTS,
        summary="Campaign metrics are answered too slowly",
        dashboard="footfall-read-path",
        fires=latencies(METRICS, "0.25", "0+10x120", "0+100x120"),
        silent=latencies(METRICS, "0.25", "0+99x120", "0+100x120"),
        few=latencies(METRICS, "0.25", "0x120", RARE),
    ),
]
