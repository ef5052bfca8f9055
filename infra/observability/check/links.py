#!/usr/bin/env python3
"""Checks that alerts, runbooks, dashboards and metrics name only what is there.

usage: links.py             check
       links.py --alerts    print each alert with its severities
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import promql_parser
import yaml

OBSERVABILITY = Path(__file__).resolve().parent.parent
sys.path.append(str(OBSERVABILITY / "generate"))

from slos import SLOS  # noqa: E402  # its folder is on the path only now

REPO = OBSERVABILITY.parent.parent
RUNBOOKS = REPO / "docs/operations/runbooks"
SEVERITIES = ["page", "ticket", "none"]
MOST_CAUSES = 35
# Prometheus adds them to every series.
SCRAPED = {"instance", "job"}
# What each runbook must answer, as its headings.
SECTIONS = ["What it means", "What users see", "Find the cause", "Mend it", "Know that it is over"]


# The code, in which the log lines of a runbook must be.
SOURCES = "".join(
    file.read_text() for folder in ("crates", "services") for file in sorted((REPO / folder).rglob("src/**/*.rs"))
)


@dataclass
class Metric:
    kind: str
    labels: set[str] | None


@dataclass
class Query:
    place: str
    text: str


def documents(folder: str, pattern: str) -> Iterator[tuple[Path, dict]]:
    for file in sorted((OBSERVABILITY / folder).glob(pattern)):
        yield file, (yaml.safe_load if pattern.endswith("yaml") else json.loads)(file.read_text())


def rules() -> list[dict]:
    return [rule for _, file in documents("rules", "*.yaml") for group in file["groups"] for rule in group["rules"]]


def boards() -> dict[str, dict]:
    return {board["uid"]: board for _, board in documents("dashboards", "*.json")}


def lines(name: str) -> list[list[str]]:
    text = (OBSERVABILITY / "metrics" / name).read_text()
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def metrics() -> dict[str, Metric]:
    """Returns every series that a query may name."""
    known = {name: Metric("other", None) for name, _ in lines("stores.txt")}
    for name, kind, *labels in lines("footfall.txt"):
        of_it = {*labels, *SCRAPED}
        if kind == "histogram":
            known |= {f"{name}_{part}": Metric("counter", of_it) for part in ("sum", "count")}
            known[f"{name}_bucket"] = Metric("counter", of_it | {"le"})
        else:
            known[name] = Metric(kind, of_it)
    known["ALERTS"] = Metric("gauge", None)
    known |= {rule["record"]: Metric("gauge", None) for rule in rules() if "record" in rule}
    return known


def queries() -> list[Query]:
    found = [Query(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    for uid, board in boards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                text = target["expr"].replace("$__rate_interval", "5m")
                found.append(Query(f"{uid}, {panel['title']}", text))
    return found


def parts(node: object) -> Iterator[object]:
    """Yields an expression and everything in it."""
    if node is None:
        return
    yield node
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        yield from parts(getattr(node, name, None))
    for argument in getattr(node, "args", None) or []:
        yield from parts(argument)


def selectors(node: object) -> list[object]:
    return [part for part in parts(node) if isinstance(part, promql_parser.VectorSelector)]


def faults_of_query(query: Query, known: dict[str, Metric]) -> Iterator[str]:
    tree = promql_parser.parse(query.text)
    for selector in selectors(tree):
        metric = known.get(selector.name)
        if metric is None:
            yield f"{query.place}: no metric is called {selector.name}"
        elif metric.labels is not None:
            labels = {matcher.name for matcher in selector.matchers.matchers}
            for label in sorted(labels - metric.labels):
                yield f"{query.place}: {selector.name} has no label {label}"
    for part in parts(tree):
        name = getattr(getattr(part, "func", None), "name", None)
        inner = [known.get(selector.name) for selector in selectors(part)]
        if name in ("rate", "increase") and any(metric and metric.kind == "gauge" for metric in inner):
            yield f"{query.place}: {name} of a gauge"
        modifier = getattr(part, "modifier", None)
        if isinstance(part, promql_parser.AggregateExpr) and "By" in str(getattr(modifier, "type", "")):
            if all(metric and metric.labels is not None for metric in inner):
                available = set().union(*(metric.labels for metric in inner))
                for label in sorted(set(modifier.labels) - available):
                    yield f"{query.place}: nothing in {part} has the label {label}"


def faults_of_alert(rule: dict, uids: set[str]) -> Iterator[str]:
    alert, notes = rule["alert"], rule.get("annotations", {})
    if rule["labels"].get("severity") not in SEVERITIES:
        yield f"{alert}: its severity must be one of {SEVERITIES}"
    if missing := {"summary", "runbook", "dashboard"} - set(notes):
        yield f"{alert}: it lacks {sorted(missing)}"
        return
    if notes["runbook"] != f"docs/operations/runbooks/{alert}.md" or not (REPO / notes["runbook"]).is_file():
        yield f"{alert}: its runbook docs/operations/runbooks/{alert}.md does not exist"
    if notes["dashboard"] not in uids:
        yield f"{alert}: no dashboard has the uid {notes['dashboard']}"


def faults_of_runbook(file: Path, alerts: dict[str, dict], uids: set[str], known: dict[str, Metric]) -> Iterator[str]:
    text = file.read_text()
    rule = alerts.get(file.stem)
    if rule is None:
        yield f"{file.name}: no alert has this name"
        return
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    if headings != SECTIONS:
        yield f"{file.name}: its headings must be {SECTIONS}"
    if rule["annotations"]["dashboard"] not in text:
        yield f"{file.name}: it does not name the dashboard {rule['annotations']['dashboard']}"
    names = set(re.findall(r"`((?:footfall|ClickHouse[A-Z][A-Za-z]+|kafka_[a-z]+_[A-Z]\w+|pg_stat)_\w+)", text))
    bases = known.keys() | {name for name, *_ in lines("footfall.txt")}
    yield from (f"{file.name}: no metric is called {name}" for name in sorted(names - bases))
    boards_named = set(re.findall(r"`(footfall-[a-z-]+)`", text))
    yield from (f"{file.name}: no dashboard is called {uid}" for uid in sorted(boards_named - uids))
    for query in re.findall(r"""promtool query instant "\$PROMETHEUS" '([^']+)'""", text):
        yield from faults_of_query(Query(file.name, query), known)
    for message in re.findall(r"logs \| grep (?:-E )?'([^']+)'", text):
        if not re.search(message, SOURCES):
            yield f"{file.name}: nothing logs {message}"
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target and not (file.parent / target).exists():
            yield f"{file.name}: {target} does not exist"


def faults_of_documents(alerts: dict[str, dict]) -> Iterator[str]:
    index = (RUNBOOKS / "README.md").read_text()
    yield from (f"runbooks/README.md: it does not list {name}" for name in alerts if f"[{name}]({name}.md)" not in index)
    stated = (REPO / "docs/operations/slos.md").read_text()
    for slo in SLOS:
        if f"{slo.objective * 100:.4g} %" not in stated:
            yield f"slos.md: it does not state {slo.objective * 100:.4g} % for {slo.name}"


def main() -> None:
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    if "--alerts" in sys.argv:
        named = [rule for rule in rules() if "alert" in rule]
        print("\n".join(sorted({f"{rule['alert']} {rule['labels']['severity']}" for rule in named})))
        return
    known, uids, asked = metrics(), set(boards()), queries()
    faults = [fault for query in asked for fault in faults_of_query(query, known)]
    for rule in alerts.values():
        faults += faults_of_alert(rule, uids)
    for file in sorted(RUNBOOKS.glob("*.md")):
        if file.name != "README.md":
            faults += faults_of_runbook(file, alerts, uids, known)
    faults += faults_of_documents(alerts)
    # Watchdog fires always, and names no cause.
    causes = [name for name, rule in alerts.items() if rule["labels"]["component"] != "slo" and name != "Watchdog"]
    if len(causes) > MOST_CAUSES:
        faults.append(f"{len(causes)} alerts of causes are more than {MOST_CAUSES}")
    used = {selector.name for query in asked for selector in selectors(promql_parser.parse(query.text))}
    faults += [f"metrics/stores.txt: nothing uses {name}" for name, _ in lines("stores.txt") if name not in used]
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(alerts)} alerts, {len(uids)} dashboards and {len(asked)} queries name only what is there")


if __name__ == "__main__":
    main()
