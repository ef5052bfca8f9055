#!/usr/bin/env python3
"""Checks that each dashboard is one of Grafana 11: a key that its schema does not know does not come back."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

FOLDER = Path(__file__).resolve().parent.parent / "dashboards"
MOST_PANELS = 20


def unknown(given: object, known: object, path: str = ""):
    """Yields the paths of what is in `given` and not in `known`."""
    if isinstance(given, dict):
        for key, value in given.items():
            if isinstance(known, dict) and key in known:
                yield from unknown(value, known[key], f"{path}/{key}")
            else:
                yield f"{path}/{key}"
    elif isinstance(given, list):
        others = known if isinstance(known, list) else []
        for place, value in enumerate(given):
            yield from unknown(value, others[place] if place < len(others) else None, f"{path}/{place}")


def faults(board: dict):
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(board)))
    yield from (f"{path} is not known to Grafana" for path in unknown(board, again))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    if len(panels) > MOST_PANELS:
        yield f"{len(panels)} panels are more than {MOST_PANELS}"
    for panel in panels:
        if not panel.get("targets"):
            yield f"the panel {panel['title']} has no query"
        if panel["datasource"]["uid"] != "$datasource":
            yield f"the panel {panel['title']} has a data source of its own"


def main() -> None:
    files = sorted(FOLDER.glob("*.json"))
    found, panels = [], 0
    for file in files:
        board = json.loads(file.read_text())
        panels += sum(panel["type"] != "row" for panel in board["panels"])
        found += [f"{file.name}: {fault}" for fault in faults(board)]
        if board["uid"] != file.stem:
            found.append(f"{file.name}: its uid is {board['uid']}")
    if found:
        sys.exit("\n".join(found))
    print(f"{len(files)} dashboards with {panels} panels are valid")


if __name__ == "__main__":
    main()
