#!/usr/bin/env python3
"""Writes dashboards/*.json, for Grafana 11.

usage: dashboards.py [FOLDER]
"""

import sys
from pathlib import Path

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from contents import DASHBOARDS, Chart

OBSERVABILITY = Path(__file__).resolve().parent.parent
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="$datasource")


def panel(chart: Chart) -> Panel:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    built = Panel().title(chart.title).description(chart.description).unit(chart.unit).datasource(PROMETHEUS)
    built = built.min(0).height(8).span(8).legend(legend.show_legend(True))
    for place, (expression, name) in enumerate(chart.queries):
        built = built.with_target(Dataquery().expr(expression).legend_format(name).ref_id(chr(ord("A") + place)))
    return built


def main(folder: Path) -> None:
    for board in DASHBOARDS:
        built = Dashboard(f"Footfall / {board.title}").uid(board.uid).tags(["footfall"]).description(board.description)
        built = built.refresh("30s").time("now-1h", "now").timezone("browser").readonly()
        built = built.with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        for title, charts in board.rows.items():
            built = built.with_row(Row(title))
            for chart in charts:
                built = built.with_panel(panel(chart))
        text = JSONEncoder(sort_keys=True, indent=1).encode(built.build())
        (folder / f"{board.uid}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OBSERVABILITY / "dashboards")
