#!/usr/bin/env python3
"""Writes rules/slo.yaml: the burn rates of each objective, and alerts in three urgencies.

An alert needs two windows: the long one shows that much of the budget is spent, the short one that it is
still being spent. https://sre.google/workbook/alerting-on-slos/ explains the factors, and why a ratio of few
requests must not page anybody: so the long window also needs a number of bad ones.
"""

import sys
from pathlib import Path

from slos import SLOS

OBSERVABILITY = Path(__file__).resolve().parent.parent

# How much faster than allowed the budget is spent, the two windows, how long that lasts, and who is notified.
BURNS = [(14.4, "1h", "5m", "2m", "page"), (6, "6h", "30m", "15m", "page"), (1, "3d", "6h", "1h", "ticket")]
WINDOWS = ["5m", "30m", "1h", "6h", "3d"]


def recorded(window: str) -> str:
    return f"footfall:slo_errors:ratio{window}"


def counted(window: str) -> str:
    return f"footfall:slo_errors:count{window}"


def rules() -> str:
    lines = [
        "# Made by generate/rules.py from generate/slos.py. Do not edit.",
        "groups:",
        "  - name: slo-ratios",
        "    rules:",
        "      - record: footfall:stale:bool",
        '        expr: max(max by (sink) (footfall_oldest_unacknowledged_seconds{sink=~"store|live"}) > bool 30)',
    ]
    for slo in SLOS:
        for window in WINDOWS:
            lines += [
                f"      - record: {recorded(window)}",
                f"        expr: {slo.bad.replace('{w}', window)} / {slo.total.replace('{w}', window)}",
                f"        labels: {{slo: {slo.name}}}",
            ]
        for _, window, *_ in BURNS:
            lines += [
                f"      - record: {counted(window)}",
                f"        expr: {slo.bad.replace('{w}', window)}",
                f"        labels: {{slo: {slo.name}}}",
            ]
    lines += ["  - name: slo-alerts", "    rules:"]
    for slo in SLOS:
        for factor, long, short, lasting, severity in BURNS:
            limit = f"{factor} * {1 - slo.objective:.4g}"
            needs = [f'{recorded(window)}{{slo="{slo.name}"}} > {limit}' for window in (long, short)]
            needs.append(f'{counted(long)}{{slo="{slo.name}"}} >= {slo.least}')
            lines += [
                f"      - alert: {slo.alert}",
                f"        expr: {' and '.join(needs)}",
                f"        for: {lasting}",
                f"        labels: {{severity: {severity}, component: slo, window: {long}}}",
                "        annotations:",
                f"          summary: {slo.summary}; the budget of 30 days is spent {factor} times too fast",
                f"          runbook: docs/operations/runbooks/{slo.alert}.md",
                f"          dashboard: {slo.dashboard}",
            ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else OBSERVABILITY / "rules/slo.yaml").write_text(rules())
