"""What a dashboard consists of, and the queries that many charts share."""

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


EVENTS = "footfall_events_received_total"
