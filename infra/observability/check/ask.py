#!/usr/bin/env python3
"""Asks a running Prometheus every query of the dashboards and of the rules, and for every metric that is listed.

Each panel must show something, and each metric must be there: a check by names alone does not notice that an
exporter has renamed one.

usage: ask.py http://127.0.0.1:17050
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import links

# Counters need two scrapes before they have a rate, and the processors some minutes for an object.
PATIENCE_SECONDS = 180
WAIT_SECONDS = 10


def ask(prometheus: str, query: str) -> list[dict]:
    address = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            result = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        sys.exit(f"{query}: {json.load(error)['error']}")
    except OSError as error:
        sys.exit(f"{prometheus} does not answer: {error}. Start it with make observe.")
    return result if isinstance(result, list) else [result]


def wanted() -> dict[str, str]:
    """Returns each query that must have an answer, and what it is for."""
    found = {}
    for uid, board in links.boards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                query = target["expr"].replace("$__rate_interval", "1m")
                found[query] = f"{uid}, {panel['title']}"
    for name, kind, *_ in links.lines("footfall.txt"):
        found[f"{name}_count" if kind == "histogram" else name] = "metrics/footfall.txt"
    for name, job in links.lines("stores.txt"):
        found[name if job == "*" else f'{name}{{job=~"{job}.*"}}'] = "metrics/stores.txt"
    return found


def main(prometheus: str) -> None:
    for rule in links.rules():
        ask(prometheus, rule["expr"])
    missing, asked, end = wanted(), len(wanted()), time.monotonic() + PATIENCE_SECONDS
    while True:
        missing = {query: place for query, place in missing.items() if not ask(prometheus, query)}
        if not missing:
            print(f"{asked} queries have an answer, and {len(links.rules())} rules can be evaluated")
            return
        if time.monotonic() > end:
            sys.exit("\n".join(f"{place}: nothing answers {query}" for query, place in missing.items()))
        print(f"{len(missing)} of {asked} queries have no answer yet", file=sys.stderr)
        time.sleep(WAIT_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
